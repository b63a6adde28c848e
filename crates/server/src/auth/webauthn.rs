//! What authenticators send, after WebAuthn Level 3: read and verified. ES256 and RS256, user verification always,
//! attestation ignored: which make of authenticator somebody uses is not our business.
//!
//! Only the few fields that count are read. Whoever wants to prove something must have signed: this server's challenge,
//! this server's origin, this server's host, and "the user was verified".

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::cbor::{self, Item};

/// Why a response of an authenticator proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unproven {
    /// It is not what WebAuthn describes.
    Malformed,
    /// It answers another challenge.
    Challenge,
    /// It was made for another page.
    Origin,
    /// It was made for another host.
    Host,
    /// The authenticator did not verify who touched it.
    User,
    /// The key is neither ES256 nor RS256.
    Algorithm,
    /// The signature is not by that key.
    Signature,
}

/// Where pages of this server are, as the browser sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    /// The host without its port: what passkeys belong to.
    pub(crate) rp_id: String,
    /// Scheme, host and port.
    pub(crate) origin: String,
}

/// A new credential, as it was made for this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewCredential {
    pub(crate) id: Vec<u8>,
    /// For ES256 an uncompressed point (SEC 1, section 2.3.3), for RS256 an `RSAPublicKey` in DER (RFC 8017, A.1.1).
    pub(crate) public_key: Vec<u8>,
    pub(crate) sign_count: u32,
}

/// What the browser says that it asked the authenticator for.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
}

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const CREDENTIAL_INCLUDED: u8 = 0x40;

/// The credential in a response to `navigator.credentials.create`.
pub(crate) fn registered(
    site: &Site,
    challenge: &[u8],
    client_data: &[u8],
    attestation_object: &[u8],
) -> Result<NewCredential, Unproven> {
    check_client_data(site, "webauthn.create", challenge, client_data)?;
    let object = cbor::read(attestation_object).ok_or(Unproven::Malformed)?;
    let Some(Item::Bytes(data)) = object.get_text("authData") else { return Err(Unproven::Malformed) };
    let (flags, sign_count) = check_authenticator_data(site, data)?;
    if flags & CREDENTIAL_INCLUDED == 0 {
        return Err(Unproven::Malformed);
    }
    // After hash, flags and count: 16 bytes that name the make, the length of the id, the id, the key.
    let credential = data.get(53..).ok_or(Unproven::Malformed)?;
    let (length, rest) = credential.split_first_chunk::<2>().ok_or(Unproven::Malformed)?;
    let (id, key) =
        rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(Unproven::Malformed)?;
    if id.is_empty() || id.len() > 1023 {
        return Err(Unproven::Malformed);
    }
    Ok(NewCredential { id: id.to_vec(), public_key: public_key(key)?, sign_count })
}

/// Verifies a response to `navigator.credentials.get` and gives the authenticator's count of signatures.
pub(crate) fn asserted(
    site: &Site,
    challenge: &[u8],
    public_key: &[u8],
    (client_data, authenticator_data, signature): (&[u8], &[u8], &[u8]),
) -> Result<u32, Unproven> {
    check_client_data(site, "webauthn.get", challenge, client_data)?;
    let (_, sign_count) = check_authenticator_data(site, authenticator_data)?;
    let algorithm: &dyn VerificationAlgorithm = match public_key.first() {
        Some(&POINT) => &ECDSA_P256_SHA256_ASN1,
        Some(&SEQUENCE) => &RSA_PKCS1_2048_8192_SHA256,
        _ => return Err(Unproven::Algorithm),
    };
    let signed = [authenticator_data, &Sha256::digest(client_data)].concat();
    let key = UnparsedPublicKey::new(algorithm, public_key);
    key.verify(&signed, signature).map_err(|_| Unproven::Signature)?;
    Ok(sign_count)
}

/// The challenge that client data says it answers; nothing is verified yet.
pub(crate) fn challenge_of(client_data: &[u8]) -> Option<Vec<u8>> {
    let data: ClientData = serde_json::from_slice(client_data).ok()?;
    super::base64url::decode(&data.challenge)
}

fn check_client_data(site: &Site, kind: &str, challenge: &[u8], client_data: &[u8]) -> Result<(), Unproven> {
    let data: ClientData = serde_json::from_slice(client_data).map_err(|_| Unproven::Malformed)?;
    if data.kind != kind {
        return Err(Unproven::Malformed);
    }
    if data.origin != site.origin || data.cross_origin {
        return Err(Unproven::Origin);
    }
    if super::base64url::decode(&data.challenge).as_deref() != Some(challenge) {
        return Err(Unproven::Challenge);
    }
    Ok(())
}

/// Flags and count of signatures.
fn check_authenticator_data(site: &Site, data: &[u8]) -> Result<(u8, u32), Unproven> {
    let (host, rest) = data.split_at_checked(32).ok_or(Unproven::Malformed)?;
    if host != Sha256::digest(site.rp_id.as_bytes()).as_slice() {
        return Err(Unproven::Host);
    }
    let (&flags, rest) = rest.split_first().ok_or(Unproven::Malformed)?;
    if flags & USER_PRESENT == 0 || flags & USER_VERIFIED == 0 {
        return Err(Unproven::User);
    }
    let count = rest.first_chunk::<4>().ok_or(Unproven::Malformed)?;
    Ok((flags, u32::from_be_bytes(*count)))
}

/// The first byte of an uncompressed point.
const POINT: u8 = 4;
/// The first byte of an `RSAPublicKey`.
const SEQUENCE: u8 = 0x30;
/// The tag of an integer in DER.
const INTEGER: u8 = 2;

/// The key of a COSE key (RFC 9052, RFC 8230) for ES256 or RS256, as [`NewCredential::public_key`] has it.
fn public_key(cose: &[u8]) -> Result<Vec<u8>, Unproven> {
    let key = cbor::read(cose).ok_or(Unproven::Malformed)?;
    let is = |label, value| key.get_int(label) == Some(&Item::Int(value));
    let bytes = |label| match key.get_int(label) {
        Some(Item::Bytes(bytes)) => Ok(bytes.as_slice()),
        _ => Err(Unproven::Malformed),
    };
    // Kind "EC2", algorithm ES256, curve P-256.
    if is(1, 2) && is(3, -7) && is(-1, 1) {
        return point(bytes(-2)?, bytes(-3)?);
    }
    // Kind "RSA", algorithm RS256.
    if is(1, 3) && is(3, -257) {
        return rsa_public_key(bytes(-1)?, bytes(-2)?);
    }
    Err(Unproven::Algorithm)
}

/// Whether the point is on the curve is found out with its first signature.
fn point(x: &[u8], y: &[u8]) -> Result<Vec<u8>, Unproven> {
    if x.len() != 32 || y.len() != 32 {
        return Err(Unproven::Algorithm);
    }
    Ok([&[POINT], x, y].concat())
}

/// Modulus and exponent of 2048 to 8192 bits in DER.
fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Result<Vec<u8>, Unproven> {
    if !(256..=1024).contains(&modulus.len()) || !(1..=8).contains(&exponent.len()) {
        return Err(Unproven::Algorithm);
    }
    Ok(der(SEQUENCE, &[positive(modulus), positive(exponent)].concat()))
}

/// A positive number, which may not begin with a set bit.
fn positive(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number.first().is_some_and(|first| first & 0x80 != 0) { &[0] } else { &[] };
    der(INTEGER, &[sign, number].concat())
}

/// Tag, length (X.690, section 8.1.3) and content, of at most 65,535 bytes.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [.., high, low] = content.len().to_be_bytes();
    let length: &[u8] = match (high, low) {
        (0, 0..=0x7f) => &[low],
        (0, _) => &[0x81, low],
        _ => &[0x82, high, low],
    };
    [&[tag], length, content].concat()
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::signature::Signer;
    use p256::ecdsa::{Signature, SigningKey};

    use super::*;

    const CHALLENGE: [u8; 32] = [9; 32];

    fn site() -> Site {
        Site { rp_id: "pay.localhost".to_owned(), origin: "http://pay.localhost:8080".to_owned() }
    }

    fn key() -> SigningKey {
        SigningKey::from_slice(&[7; 32]).unwrap()
    }

    fn client_data(kind: &str, origin: &str) -> Vec<u8> {
        let challenge = super::super::base64url::encode(&CHALLENGE);
        format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#)
            .into_bytes()
    }

    fn authenticator_data(rp_id: &str, flags: u8) -> Vec<u8> {
        [Sha256::digest(rp_id).as_slice(), &[flags], &3_u32.to_be_bytes()].concat()
    }

    fn signed(client_data: &[u8], data: &[u8]) -> Vec<u8> {
        let signature: Signature = key().sign(&[data, Sha256::digest(client_data).as_slice()].concat());
        signature.to_der().as_bytes().to_vec()
    }

    fn point() -> Vec<u8> {
        key().verifying_key().to_sec1_point(false).as_bytes().to_vec()
    }

    #[test]
    fn a_signature_over_challenge_origin_and_host_is_accepted() {
        let client = client_data("webauthn.get", "http://pay.localhost:8080");
        let data = authenticator_data("pay.localhost", 0x05);
        let signature = signed(&client, &data);
        assert_eq!(asserted(&site(), &CHALLENGE, &point(), (&client, &data, &signature)), Ok(3));
        let other = (client.as_slice(), data.as_slice(), signature.as_slice());
        assert_eq!(asserted(&site(), &[8; 32], &point(), other), Err(Unproven::Challenge));
        let mut forged = signature.clone();
        *forged.last_mut().unwrap() ^= 1;
        assert_eq!(
            asserted(&site(), &CHALLENGE, &point(), (&client, &data, &forged)),
            Err(Unproven::Signature)
        );
        let more = authenticator_data("pay.localhost", 0x0d);
        assert_eq!(
            asserted(&site(), &CHALLENGE, &point(), (&client, &more, &signature)),
            Err(Unproven::Signature)
        );
    }

    /// Made by OpenSSL 3.0 with a key of 2048 bits over the client data and authenticator data of these tests.
    const MODULUS: &str = "b7340dc5d7d4f2e869e440fbdb02d570484abf0818a2bdc7a0db1066b1c3fc7b35f3b967c86331aa3126f7e7bcb1bcfd\
        12edb6a0030067089c23ab0ca3a396eaf5f69d5199abacc7d011a63081a4be72f4d1a9ea731b0407858813ca21822b48\
        3436dbc1d9863ec206cf4286052b089ed29bc82c7fa98d6317a8cdb361c0cd0d54ee6e4b5f1bd96e36b8712ebb76d636\
        1614949084e4d146fd88fae942613a08e5700e6f2ce5212ccf2569a96e2f6333266278f784e3f1a960a335f66112f13b\
        c57acaba9416a51c1e313f11f0fa492e0c8af097600a03a165d9ade8f1ed69a23046ddd018ae49c83c4c1209915f0a7c\
        9b68e029f29912196dd519f67c036533";
    const RSA_SIGNATURE: &str = "98722d98c2af64807a4537c346c5104bf119dca6fb86d689aa822d508faacad861b93786e8935fd012c71a4fd397a27c\
        f09f02a4c158e573e1314977fe148f6f4ac8c3cd05b2fcf1e0784fdab895807dbc16fc482f66adc3dc623d630708aff4\
        39dcb84848430182a73c1a64459c490f7ef7b3b9c4c66ec3f32d94bb90b4bab342e0e00fbdd48cc4516737896c80db26\
        9fcdf282e1abb50cbd4557dc4f9760cc882b9effa3e71e1b894c3f28c2221ed153b140f816eeba4230bc653233ba3733\
        df2422a7d51cbae42eedcdabd84527e6576f269ce6ee4b24f50434c4c2d121f2461057e8483c5c037578ef26360025fe\
        7ac7a0d631cdeb59812397c7aac61b2d";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    /// `{1: 3, 3: -257, -1: modulus, -2: 65537}`
    fn cose_of_rsa() -> Vec<u8> {
        let head = [0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01, 0x00].as_slice();
        [head, &bytes(MODULUS), &[0x21, 0x43, 0x01, 0x00, 0x01]].concat()
    }

    #[test]
    fn an_rsa_signature_is_accepted_and_a_forged_one_is_not() {
        let key = public_key(&cose_of_rsa()).unwrap();
        let client = client_data("webauthn.get", "http://pay.localhost:8080");
        let data = authenticator_data("pay.localhost", 0x05);
        let mut signature = bytes(RSA_SIGNATURE);
        assert_eq!(asserted(&site(), &CHALLENGE, &key, (&client, &data, &signature)), Ok(3));
        signature[100] ^= 1;
        let forged = asserted(&site(), &CHALLENGE, &key, (&client, &data, &signature));
        assert_eq!(forged, Err(Unproven::Signature));
    }

    #[test]
    fn a_key_of_another_algorithm_or_too_short_is_refused() {
        let mut other = cose_of_rsa();
        other[5] = 0x38;
        assert!(public_key(&other).is_err());
        assert_eq!(rsa_public_key(&[0xff; 128], &[1, 0, 1]), Err(Unproven::Algorithm));
        assert_eq!(super::point(&[1; 31], &[1; 32]), Err(Unproven::Algorithm));
    }

    #[test]
    fn what_was_made_for_another_page_or_host_or_by_nobody_is_refused() {
        let check = |kind, origin, rp_id, flags| {
            let (client, data) = (client_data(kind, origin), authenticator_data(rp_id, flags));
            let signature = signed(&client, &data);
            asserted(&site(), &CHALLENGE, &point(), (&client, &data, &signature)).unwrap_err()
        };
        let own = "http://pay.localhost:8080";
        assert_eq!(check("webauthn.get", "http://pay.localhost", "pay.localhost", 5), Unproven::Origin);
        assert_eq!(check("webauthn.get", "http://evil.localhost:8080", "pay.localhost", 5), Unproven::Origin);
        assert_eq!(check("webauthn.create", own, "pay.localhost", 5), Unproven::Malformed);
        assert_eq!(check("webauthn.get", own, "evil.localhost", 5), Unproven::Host);
        assert_eq!(check("webauthn.get", own, "pay.localhost", 1), Unproven::User);
        assert_eq!(check("webauthn.get", own, "pay.localhost", 4), Unproven::User);
    }

    #[test]
    fn no_cut_or_garbled_registration_makes_the_reader_panic() {
        let client = client_data("webauthn.create", "http://pay.localhost:8080");
        let mut cose = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        cose.extend(&point()[1..33]);
        cose.extend([0x22, 0x58, 0x20]);
        cose.extend(&point()[33..]);
        let mut data = authenticator_data("pay.localhost", 0x45);
        data.extend([0; 16]);
        data.extend([0, 4, 1, 2, 3, 4]);
        data.extend(&cose);
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt");
        object.extend([0x64]);
        object.extend(b"none");
        object.extend([0x67]);
        object.extend(b"attStmt");
        object.extend([0xa0, 0x68]);
        object.extend(b"authData");
        object.extend([0x58, u8::try_from(data.len()).unwrap()]);
        object.extend(&data);
        let made = registered(&site(), &CHALLENGE, &client, &object).unwrap();
        assert_eq!(made, NewCredential { id: vec![1, 2, 3, 4], public_key: point(), sign_count: 3 });
        for cut in 0..object.len() {
            assert!(registered(&site(), &CHALLENGE, &client, &object[..cut]).is_err(), "{cut}");
        }
        for index in 0..object.len() {
            let mut garbled = object.clone();
            garbled[index] = garbled[index].wrapping_add(97);
            drop(registered(&site(), &CHALLENGE, &client, &garbled));
        }
    }
}
