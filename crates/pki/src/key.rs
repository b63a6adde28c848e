use core::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

/// The longest message that is signed, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 480;
/// The longest name of a context, in bytes.
const CONTEXT_BYTES_MAX: usize = 31;

/// An Ed25519 signature (RFC 8032).
pub type Signature = [u8; 64];

/// What a signature is for. A signature under one context is none under another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context(&'static str);

impl Context {
    /// Signatures of certificates.
    pub(crate) const CERTIFICATE: Self = Self::new("sycee certificate v1");

    /// The context of this name, for constants: where the name is longer than 31 bytes, the build fails.
    ///
    /// # Panics
    /// Outside constants, where the name is too long.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(name.len() <= CONTEXT_BYTES_MAX, "the name of a context has at most 31 bytes");
        Self(name)
    }
}

/// What is signed: length of the context's name, name, message.
struct Framed {
    bytes: [u8; 1 + CONTEXT_BYTES_MAX + MESSAGE_BYTES_MAX],
    length: usize,
}

impl Framed {
    fn new(context: Context, message: &[u8]) -> Result<Self, MessageTooLong> {
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(MessageTooLong);
        }
        let name = context.0.as_bytes();
        let mut framed = Self { bytes: [0; 1 + CONTEXT_BYTES_MAX + MESSAGE_BYTES_MAX], length: 0 };
        let name_length = u8::try_from(name.len()).unwrap_or(u8::MAX);
        let all = core::iter::once(&name_length).chain(name).chain(message);
        for (place, byte) in framed.bytes.iter_mut().zip(all) {
            *place = *byte;
            framed.length = framed.length.saturating_add(1);
        }
        Ok(framed)
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// The message is longer than [`MESSAGE_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageTooLong;

impl fmt::Display for MessageTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("message is too long to be signed")
    }
}

impl core::error::Error for MessageTooLong {}

/// The signature is not the key's over this message in this context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("signature is not the key's over this message")
    }
}

impl core::error::Error for BadSignature {}

/// A secret key with its public key. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct KeyPair(SigningKey);

impl KeyPair {
    /// The key of 32 random bytes that nobody else knows.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed, for the card's own memory: a secret.
    #[must_use]
    pub fn expose_seed(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// What others verify with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs a message of at most [`MESSAGE_BYTES_MAX`] bytes. The same message has the same signature.
    ///
    /// # Errors
    /// [`MessageTooLong`].
    pub fn sign(&self, context: Context, message: &[u8]) -> Result<Signature, MessageTooLong> {
        let framed = Framed::new(context, message)?;
        Ok(self.0.sign(framed.as_slice()).to_bytes())
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair")
    }
}

/// A public key: a point of the curve, not one of the few of small order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key of these bytes. `None` where they are no point, or one that verifies anything.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak()).map(Self)
    }

    /// The bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Verifies strictly: one message has one valid encoding of a signature (`verify_strict`).
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(
        &self,
        context: Context,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        let framed = Framed::new(context, message).map_err(|_| BadSignature)?;
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0.verify_strict(framed.as_slice(), &signature).map_err(|_| BadSignature)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    const PAY: Context = Context::new("pay");

    #[test]
    fn a_signature_is_good_for_its_message_and_context_only() {
        let key = KeyPair::from_seed(&[7; 32]);
        let signature = key.sign(PAY, b"ten yuan").unwrap();
        assert_eq!(key.public().verify(PAY, b"ten yuan", &signature), Ok(()));
        assert_eq!(key.public().verify(PAY, b"ten yuen", &signature), Err(BadSignature));
        assert_eq!(key.public().verify(Context::new("payt"), b"en yuan", &signature), Err(BadSignature));
        assert_eq!(key.public().verify(Context::new("pa"), b"yten yuan", &signature), Err(BadSignature));
        let other = KeyPair::from_seed(&[8; 32]).public();
        assert_eq!(other.verify(PAY, b"ten yuan", &signature), Err(BadSignature));
    }

    #[test]
    fn long_messages_are_refused_and_not_cut() {
        let key = KeyPair::from_seed(&[7; 32]);
        let signature = key.sign(PAY, &[1; MESSAGE_BYTES_MAX]).unwrap();
        assert_eq!(key.public().verify(PAY, &[1; MESSAGE_BYTES_MAX], &signature), Ok(()));
        assert_eq!(key.sign(PAY, &[1; MESSAGE_BYTES_MAX + 1]), Err(MessageTooLong));
        assert_eq!(key.public().verify(PAY, &[1; MESSAGE_BYTES_MAX + 1], &signature), Err(BadSignature));
    }

    #[test]
    fn keys_that_verify_anything_are_no_keys() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(&identity), None);
        assert_eq!(PublicKey::from_bytes(&[0; 32]), None);
        assert_eq!(PublicKey::from_bytes(&[2; 32]), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", KeyPair::from_seed(&[7; 32])), "KeyPair");
    }
}
