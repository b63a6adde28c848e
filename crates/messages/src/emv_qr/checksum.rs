//! The checksum at the end of a code.

/// CRC-16/CCITT-FALSE: polynomial 1021, start FFFF, nothing reflected, nothing added at the end.
#[must_use]
pub fn crc_16_ccitt_false(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue_of_checksums_is_29b1() {
        assert_eq!(crc_16_ccitt_false(b"123456789"), 0x29B1);
        assert_eq!(crc_16_ccitt_false(b""), 0xFFFF);
    }
}
