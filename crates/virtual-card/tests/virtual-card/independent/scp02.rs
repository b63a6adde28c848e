//! A host of SCP02 (GlobalPlatform 2.3.1, annex E).

use super::{Plain, cbc, des, des_inverse, last, padded, triple_des};

pub(crate) struct Host {
    pub(crate) enc: Vec<u8>,
    pub(crate) c_mac: Vec<u8>,
    pub(crate) r_mac: Vec<u8>,
    pub(crate) dek: Vec<u8>,
    pub(crate) card_cryptogram: Vec<u8>,
    pub(crate) host_cryptogram: Vec<u8>,
    level: u8,
    last_mac: Option<Vec<u8>>,
}

fn session_key(key: &[u8], constant: [u8; 2], counter: &[u8]) -> Vec<u8> {
    let data = [&constant, counter, &[0; 12]].concat();
    cbc(&[0; 8], &data, |block| triple_des(key, block))
}

fn retail_mac(key: &[u8], vector: &[u8], data: &[u8]) -> Vec<u8> {
    let single = last(&cbc(vector, &padded(data, 8), |block| des(&key[..8], block)), 8);
    des(&key[..8], &des_inverse(&key[8..], &single))
}

impl Host {
    pub(crate) fn new(
        [enc, mac, dek]: [&[u8]; 3],
        host: &[u8],
        counter: &[u8],
        card: &[u8],
        level: u8,
    ) -> Self {
        let enc = session_key(enc, [0x01, 0x82], counter);
        let full_mac = |parts: &[&[u8]]| {
            last(&cbc(&[0; 8], &padded(&parts.concat(), 8), |block| triple_des(&enc, block)), 8)
        };
        let card_cryptogram = full_mac(&[host, counter, card]);
        let host_cryptogram = full_mac(&[counter, card, host]);
        Self {
            c_mac: session_key(mac, [0x01, 0x01], counter),
            r_mac: session_key(mac, [0x01, 0x02], counter),
            dek: session_key(dek, [0x01, 0x81], counter),
            enc,
            card_cryptogram,
            host_cryptogram,
            level,
            last_mac: None,
        }
    }

    fn next_mac(&mut self, data: &[u8]) -> Vec<u8> {
        let vector = self.last_mac.as_ref().map_or(vec![0; 8], |mac| des(&self.c_mac[..8], mac));
        let mac = retail_mac(&self.c_mac, &vector, data);
        self.last_mac = Some(mac.clone());
        mac
    }

    pub(crate) fn external_authenticate(&mut self) -> Vec<u8> {
        let mut command = vec![0x84, 0x82, self.level, 0x00, 0x10];
        command.extend_from_slice(&self.host_cryptogram);
        let mac = self.next_mac(&command);
        [command, mac].concat()
    }

    pub(crate) fn wrap(&mut self, plain: &Plain) -> Vec<u8> {
        if self.level == 0 {
            return plain.bytes();
        }
        let mac = self.next_mac(&[plain.protected_header(plain.data.len()), plain.data.clone()].concat());
        let mut data = plain.data.clone();
        if self.level & 0x02 != 0 && !data.is_empty() {
            data = cbc(&[0; 8], &padded(&data, 8), |block| triple_des(&self.enc, block));
        }
        let mut command = [plain.protected_header(data.len()), data, mac].concat();
        if plain.has_le {
            command.push(0);
        }
        command
    }
}
