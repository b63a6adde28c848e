//! A passkey made of software: what a phone does when somebody touches it.

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The address that requests without a `Host` come to.
const ORIGIN: &str = "http://localhost";
const HOST: &str = "localhost";

/// One credential.
pub(crate) struct Authenticator {
    key: SigningKey,
    id: [u8; 16],
    signatures: u32,
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(*chunk.get(at).unwrap_or(&0)));
        for digit in 0..=chunk.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]));
        }
    }
    text
}

fn client_data(kind: &str, options: &Value, origin: &str) -> Vec<u8> {
    let challenge = &options["challenge"];
    json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false})
        .to_string()
        .into_bytes()
}

impl Authenticator {
    pub(crate) fn new(number: u8) -> Self {
        Self { key: SigningKey::from_slice(&[number; 32]).unwrap(), id: [number; 16], signatures: 0 }
    }

    fn data(&mut self, flags: u8) -> Vec<u8> {
        self.signatures += 1;
        [Sha256::digest(HOST).as_slice(), &[flags], &self.signatures.to_be_bytes()].concat()
    }

    /// The answer to `navigator.credentials.create`.
    pub(crate) fn create(&mut self, options: &Value) -> Value {
        let point = self.key.verifying_key().to_sec1_point(false);
        let point = point.as_bytes();
        let mut data = self.data(0x45);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(self.id);
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        json!({
            "client_data": base64url(&client_data("webauthn.create", options, ORIGIN)),
            "attestation_object": base64url(&object),
        })
    }

    /// The answer to `navigator.credentials.get`.
    pub(crate) fn get(&mut self, options: &Value) -> Value {
        self.get_on(options, ORIGIN)
    }

    /// The same on a page of another site.
    pub(crate) fn get_on(&mut self, options: &Value, origin: &str) -> Value {
        let data = self.data(0x05);
        let client = client_data("webauthn.get", options, origin);
        let signature: Signature = self.key.sign(&[data.as_slice(), &Sha256::digest(&client)].concat());
        json!({
            "credential_id": base64url(&self.id),
            "client_data": base64url(&client),
            "authenticator_data": base64url(&data),
            "signature": base64url(signature.to_der().as_bytes()),
        })
    }

    /// Forgets that it was used, as a copy made before would.
    pub(crate) fn rewind(&mut self) {
        self.signatures = 0;
    }
}
