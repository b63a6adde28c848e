//! A host of SCP03 (GlobalPlatform, Amendment D), and what its card answers.

use super::{Plain, aes, cbc, last, padded, xor};

pub(crate) struct Host {
    pub(crate) enc: Vec<u8>,
    pub(crate) mac: Vec<u8>,
    pub(crate) r_mac: Vec<u8>,
    pub(crate) card_cryptogram: Vec<u8>,
    pub(crate) host_cryptogram: Vec<u8>,
    level: u8,
    chaining: Vec<u8>,
    counter: u128,
}

/// NIST SP 800-38B, section 6.1 and 6.2.
fn cmac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let double = |block: &[u8]| {
        let value = u128::from_be_bytes(block.try_into().unwrap());
        let carry = if value >> 127 == 1 { 0x87 } else { 0 };
        ((value << 1) ^ carry).to_be_bytes().to_vec()
    };
    let whole = double(&aes(key, &[0; 16]));
    let is_whole = !data.is_empty() && data.len().is_multiple_of(16);
    let (mut data, mask) = if is_whole { (data.to_vec(), whole) } else { (padded(data, 16), double(&whole)) };
    let end = data.len() - 16;
    let masked = xor(&data[end..], &mask);
    data.truncate(end);
    data.extend(masked);
    last(&cbc(&[0; 16], &data, |block| aes(key, block)), 16)
}

fn derived(key: &[u8], constant: u8, length: usize, context: &[u8]) -> Vec<u8> {
    let bits = u16::try_from(length * 8).unwrap().to_be_bytes();
    let block = |counter: u8| {
        let input = [&[0; 11][..], &[constant, 0x00], &bits, &[counter], context].concat();
        cmac(key, &input)
    };
    let mut bytes = [block(1), block(2)].concat();
    bytes.truncate(length);
    bytes
}

impl Host {
    pub(crate) fn new(enc: &[u8], mac: &[u8], host: &[u8], card: &[u8], level: u8) -> Self {
        let context = [host, card].concat();
        let session_mac = derived(mac, 0x06, mac.len(), &context);
        Self {
            enc: derived(enc, 0x04, enc.len(), &context),
            r_mac: derived(mac, 0x07, mac.len(), &context),
            card_cryptogram: derived(&session_mac, 0x00, 8, &context),
            host_cryptogram: derived(&session_mac, 0x01, 8, &context),
            mac: session_mac,
            level,
            chaining: vec![0; 16],
            counter: 0,
        }
    }

    fn with_mac(&mut self, command: Vec<u8>) -> Vec<u8> {
        self.chaining = cmac(&self.mac, &[self.chaining.clone(), command.clone()].concat());
        [command, self.chaining[..8].to_vec()].concat()
    }

    fn encrypted(&self, data: &[u8], response: u128) -> Vec<u8> {
        if data.is_empty() {
            return Vec::new();
        }
        let vector = aes(&self.enc, &(self.counter | response << 127).to_be_bytes());
        cbc(&vector, &padded(data, 16), |block| aes(&self.enc, block))
    }

    pub(crate) fn external_authenticate(&mut self) -> Vec<u8> {
        let header = vec![0x84, 0x82, self.level, 0x00, 0x10];
        self.with_mac([header, self.host_cryptogram.clone()].concat())
    }

    pub(crate) fn wrap(&mut self, plain: &Plain) -> Vec<u8> {
        if self.level == 0 {
            return plain.bytes();
        }
        self.counter += 1;
        let mut data = plain.data.clone();
        if self.level & 0x02 != 0 {
            data = self.encrypted(&data, 0);
        }
        let mut command = self.with_mac([plain.protected_header(data.len()), data].concat());
        if plain.has_le {
            command.push(0);
        }
        command
    }

    /// The card's response with this data and 9000, without its status word.
    pub(crate) fn protected_response(&self, data: &[u8]) -> Vec<u8> {
        let data = if self.level & 0x20 != 0 { self.encrypted(data, 1) } else { data.to_vec() };
        if self.level & 0x10 == 0 {
            return data;
        }
        let mac = cmac(&self.r_mac, &[self.chaining.clone(), data.clone(), vec![0x90, 0x00]].concat());
        [data, mac[..8].to_vec()].concat()
    }
}
