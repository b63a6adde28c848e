//! CRC-64 as XZ uses it (ECMA-182, reflected): finds every burst of up to 64 bits.

const TABLE: [u64; 256] = table();

const fn table() -> [u64; 256] {
    let mut table = [0_u64; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u64;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xC96C_5795_D787_0F42 } else { value >> 1 };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}

/// The checksum of the parts, one after the other.
pub(crate) fn crc64(parts: &[&[u8]]) -> u64 {
    let mut value = u64::MAX;
    for byte in parts.iter().copied().flatten() {
        let index = usize::from(value.to_le_bytes()[0] ^ byte);
        value = (value >> 8) ^ TABLE.get(index).copied().unwrap_or_default();
    }
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of CRC-64/XZ in the catalogue of parametrised CRC algorithms.
    #[test]
    fn the_check_value_is_the_catalogues() {
        assert_eq!(crc64(&[b"1234", b"56789"]), 0x995D_C9BB_DF19_39FA);
    }
}
