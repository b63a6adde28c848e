//! A card and the security module that takes it, to try things with: their personalisation files, from keys that everybody
//! knows. Nothing of worth may ever be on such a card.

use std::fmt;

use card_reader::reader::Reader;
use globalplatform::{apdu::Command, status::StatusWord};
use pki::{Certificate, CertificateBody, Day, Generation, IssueError, KeyPair, Kind, Serial, SubjectId};
use purse::{
    amount::Amount,
    fields::{Asn, DateTime, Kind as Transaction, Random, Sequence, TerminalId, Terms},
    pboc::{
        key::{self, Algorithm, Key, Purpose},
        session::SessionKey,
        transaction,
    },
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    compute::hexadecimal,
    tap::{Sale, Till},
};

/// The name of the purse.
pub const PURSE_AID: [u8; 8] = [0xA0, 0x00, 0x00, 0x06, 0x32, 0x01, 0x01, 0x05];
/// The number of the terminal that the security module is for.
pub const TERMINAL: TerminalId = TerminalId([0x10, 0x00, 0x00, 0x00, 0x00, 0x01]);
/// File identifier of the security module's application.
pub const MODULE_FILE: [u8; 2] = [0xDF, 0x01];
/// The terminal, as [`crate::tap`] wants to know it.
pub const TILL: Till<'static> = Till { aid: &PURSE_AID, terminal: TERMINAL, key_index: 1 };
/// The PIN of the purse.
pub const PIN: [u8; 3] = [0x12, 0x34, 0x56];

/// The smallest sale there is.
pub const SALE: Sale =
    Sale { amount: Amount::new(1), when: DateTime([0x20, 0x26, 0x11, 0x22, 0x12, 0x00, 0x00]) };
/// A load that lasts for many sales, and fits the purse once.
pub const LOAD: Amount = Amount::new(60_000);

const ISSUER_DOMAIN: [u8; 8] = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00];
const SECURITY_DOMAIN: [u8; 7] = *b"\xF0SYCEE\xD1";
const SECURITY_MODULE: [u8; 7] = *b"\xF0SYCEE\x02";

/// The serial number of the card with this number.
#[must_use]
pub const fn asn(number: u32) -> Asn {
    let [a, b, c, d] = number.to_be_bytes();
    Asn([0x00, 0x00, 0x31, 0x56, 0x20, 0x26, a, b, c, d])
}

/// Sixteen bytes that follow from a name.
fn named_bytes(name: &str) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(format!("sycee example {name}")).into();
    std::array::from_fn(|at| digest[at])
}

/// The master key of a purpose, which the issuer derives the keys of cards from.
#[must_use]
pub fn master<P: Purpose>() -> Key<P> {
    Key::new(named_bytes(P::NAME))
}

/// The key of a card.
#[must_use]
pub fn card_key<P: Purpose>(asn: &Asn) -> Key<P> {
    master::<P>().diversified(Algorithm::TripleDes, asn.factor())
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    hexadecimal::text(bytes.as_ref()).to_uppercase()
}

/// The three keys of a security domain.
fn domain_keys(name: &str, version: &str) -> Value {
    let [enc, mac, dek] = ["enc", "mac", "dek"].map(|key| hex(named_bytes(&format!("{name} {key}"))));
    json!({ "version": version, "enc": enc, "mac": mac, "dek": dek })
}

fn application_key<P: Purpose>(key: &Key<P>, index: &str, version: &str) -> Value {
    json!({ "name": P::NAME, "index": index, "version": version, "key": hex(key.expose()) })
}

fn domains() -> (Value, Value) {
    let issuer = json!({ "aid": hex(ISSUER_DOMAIN), "keys": domain_keys("root", "30") });
    let supplementary = json!({ "aid": hex(SECURITY_DOMAIN), "keys": domain_keys("domain", "20") });
    (issuer, supplementary)
}

/// The personalisation file of the card with this number.
///
/// # Errors
/// [`IssueError`], where certificates cannot be signed.
pub fn card(number: u32) -> Result<Value, IssueError> {
    let (issuer_domain, security_domain) = domains();
    let asn = asn(number);
    let keys = [
        application_key(&card_key::<key::Load>(&asn), "01", "01"),
        application_key(&card_key::<key::Purchase>(&asn), "01", "01"),
        application_key(&card_key::<key::Unload>(&asn), "01", "01"),
        application_key(&card_key::<key::TransactionCode>(&asn), "01", "01"),
        application_key(&card_key::<key::Maintenance>(&asn), "01", "01"),
        application_key(&card_key::<key::PinUnblock>(&asn), "01", "01"),
        application_key(&card_key::<key::PinReload>(&asn), "01", "01"),
        application_key(&card_key::<key::Cancel>(&asn), "01", "01"),
        application_key(&card_key::<key::Conversion>(&asn), "01", "01"),
        application_key(&card_key::<key::Parameters>(&asn), "01", "01"),
        application_key(&card_key::<key::Completion>(&asn), "01", "01"),
        application_key(&card_key::<key::Grade>(&asn), "01", "01"),
    ];
    let purse = json!({
        "aid": hex(PURSE_AID),
        "file_identifier": "1001",
        "asn": hex(asn.0),
        "issuer": "5359434545000001",
        "type": "02",
        "version": "01",
        "start": "20260101",
        "expiry": "20361231",
        "limits": { "balance_max": 100_000, "transaction_max": 50_000 },
        "currencies": ["0840", "0978"],
        "pin": hex(PIN),
        "pin_tries": 3,
        "profile": { "load_needs_pin": false },
        "files": [
            { "sfi": "16", "kind": "transparent", "record_bytes": 39 },
            { "sfi": "19", "kind": "records", "record_bytes": 43, "records": 2, "content": ["AA2900", "BB2900"] },
        ],
        "keys": keys,
    });
    Ok(json!({
        "issuer_domain": issuer_domain,
        "security_domain": security_domain,
        "purse": purse,
        "transfer": transfer(number)?,
    }))
}

/// The personalisation file of the security module.
#[must_use]
pub fn security_module() -> Value {
    let (issuer_domain, security_domain) = domains();
    // One level of diversification: 1 << 5, plus 2.
    let keys = [
        application_key(&master::<key::Purchase>(), "22", "01"),
        application_key(&master::<key::TransactionCode>(), "22", "01"),
        application_key(&master::<key::Cancel>(), "22", "01"),
        application_key(&master::<key::Maintenance>(), "22", "01"),
    ];
    json!({
        "issuer_domain": issuer_domain,
        "security_domain": security_domain,
        "security_module": {
            "aid": hex(SECURITY_MODULE),
            "file_identifier": hex(MODULE_FILE),
            "serial": "00000000000000000001",
            "terminal": hex(TERMINAL),
            "minimum_version": "01",
            "ceiling": 1_000_000_000,
            "tries": 15,
            "keys": keys,
        },
    })
}

/// Why a card is not loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The card went away. Whether it is loaded is not known.
    Gone,
    /// The card refused.
    Refused(StatusWord),
    /// The card's MAC1 is not that of an example card.
    NotGenuine,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("reach the card"),
            Self::Refused(status) => write!(f, "load the card: {status}"),
            Self::NotGenuine => f.write_str("believe the card: it is no example card"),
        }
    }
}

impl std::error::Error for LoadError {}

/// Loads the purse of an example card, as its issuer's host does online.
///
/// # Errors
/// [`LoadError`].
pub fn load(card: &mut impl Reader, asn: &Asn, amount: Amount, when: &DateTime) -> Result<(), LoadError> {
    let mut say = |header, data: &[u8], le| {
        let command = Command::new(header, data, Some(le)).map_err(|_| LoadError::NotGenuine)?;
        let answer = card.transmit(&command).map_err(|_| LoadError::Gone)?;
        if answer.status().is_success() { Ok(answer) } else { Err(LoadError::Refused(answer.status())) }
    };
    say([0x00, 0xA4, 0x04, 0x00], &PURSE_AID, 256)?;
    let terms = Terms { amount, kind: Transaction::LoadPurse, terminal: TERMINAL };
    let begun = [&[1][..], &amount.to_bytes(), &TERMINAL.0].concat();
    let answer = say([0x80, 0x50, 0x00, 0x02], &begun, 16)?;
    let [a, b, c, d, e, f, _version, _algorithm, g, h, i, j, mac1 @ ..] = answer.data() else {
        return Err(LoadError::NotGenuine);
    };
    let (sequence, random) = (Sequence::from_bytes([*e, *f]), Random([*g, *h, *i, *j]));
    let session = SessionKey::online(&card_key::<key::Load>(asn), Algorithm::TripleDes, random, sequence);
    let right = transaction::load_mac1(&session, Amount::from_bytes([*a, *b, *c, *d]), &terms);
    if *mac1 != right.0 {
        return Err(LoadError::NotGenuine);
    }
    let mac2 = transaction::load_mac2(&session, &terms, when);
    say([0x80, 0x52, 0x00, 0x00], &[&when.0[..], &mac2.0].concat(), 4).map(drop)
}

fn transfer(number: u32) -> Result<Value, IssueError> {
    /// 2026-01-01 and 2036-12-31, in days since 1970-01-01.
    const VALID: (Day, Day) = (Day(20_454), Day(24_471));
    let pair = |name: &str| KeyPair::from_seed(&Sha256::digest(format!("sycee example {name}")).into());
    let [scheme, issuer] = ["scheme", "issuer"].map(|name| SubjectId(named_bytes(name)));
    let (scheme_key, issuer_key) = (pair("scheme key"), pair("issuer key"));
    let body = |kind, (by, subject): (SubjectId, SubjectId), key: &KeyPair, generation| CertificateBody {
        kind,
        serial: Serial(u64::from(number)),
        issuer: by,
        subject,
        generation: Generation(generation),
        valid_from: VALID.0,
        valid_until: VALID.1,
        key: key.public(),
    };
    let root = scheme_key.issue_scheme(body(Kind::Scheme, (scheme, scheme), &scheme_key, 1))?;
    let own = scheme_key.issue(&root, body(Kind::Issuer, (scheme, issuer), &issuer_key, 1))?;
    let purse = SubjectId(named_bytes(&format!("purse {number}")));
    let credentials = |generation: u16| {
        let key = pair(&format!("purse {number} generation {generation}"));
        let certificate = issuer_key.issue(&own, body(Kind::Purse, (issuer, purse), &key, generation))?;
        let [by, certificate] =
            [own, certificate].map(|certificate: Certificate| hex(certificate.to_bytes()));
        Ok::<_, IssueError>(json!({
            "seed": hex(key.expose_seed()), "issuer_certificate": by, "certificate": certificate,
        }))
    };
    Ok(json!({
        "scheme": hex(scheme.0),
        "scheme_key": hex(scheme_key.public().to_bytes()),
        "credentials": [credentials(1)?, credentials(2)?],
        "pockets": [
            { "currency": "0156", "series": "0001", "balance_max": 100_000 },
            { "currency": "0978", "series": "0001", "balance_max": 100_000 },
        ],
        "pin": "1234",
        "pin_tries": 3,
        "day": VALID.0.0,
    }))
}
