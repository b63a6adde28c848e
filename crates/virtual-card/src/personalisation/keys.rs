//! The keys in a personalisation file. Root keys, keys of the security domain and keys of the applications are three types;
//! a key of one kind cannot stand where another is asked for, and no key may stand for two kinds.

use globalplatform::{
    block_cipher::AesKey,
    keys::{KeyVersion, RootKeySet},
    secure_channel::{StaticKeys, scp03},
};
use purse::{
    key_table::KeyRecord,
    pboc::key::{self, Key, Purpose},
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::text::{Hex, Secret};

/// Three AES keys of a version.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, try_from = "AesKeyTexts")]
struct AesKeys {
    version: KeyVersion,
    keys: scp03::StaticKeys,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AesKeyTexts {
    version: Hex<1>,
    enc: Secret<16>,
    mac: Secret<16>,
    dek: Secret<16>,
}

impl TryFrom<AesKeyTexts> for AesKeys {
    type Error = String;

    fn try_from(texts: AesKeyTexts) -> Result<Self, String> {
        let AesKeyTexts { version: Hex([version]), enc, mac, dek } = texts;
        let version = KeyVersion::new(version).filter(|version| *version != KeyVersion::DAP);
        let version = version.ok_or("version: not 01 to 7F or FF, without 73")?;
        if enc == mac || mac == dek || enc == dek {
            return Err("two of enc, mac and dek are the same".to_owned());
        }
        let key = |name: &str, Secret(bytes): &Secret<16>| {
            ensure_not_uniform(bytes).map_err(|error| format!("{name}: {error}"))?;
            AesKey::new(&**bytes).ok_or_else(|| format!("{name}: no AES key"))
        };
        let keys =
            scp03::StaticKeys { enc: key("enc", &enc)?, mac: key("mac", &mac)?, dek: key("dek", &dek)? };
        Ok(Self { version, keys })
    }
}

impl AesKeys {
    fn exposed(&self) -> [&[u8]; 3] {
        [self.keys.enc.expose(), self.keys.mac.expose(), self.keys.dek.expose()]
    }
}

/// Root keys: of the issuer's security domain.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct RootKeys(AesKeys);

impl RootKeys {
    /// As the card is made with them.
    pub(crate) fn set(&self) -> RootKeySet {
        RootKeySet::initial(self.0.version, self.channel())
    }

    /// To open a channel with the issuer's domain.
    pub(crate) fn channel(&self) -> StaticKeys {
        StaticKeys::Scp03(self.0.keys.clone())
    }

    pub(super) fn exposed(&self) -> [&[u8]; 3] {
        self.0.exposed()
    }
}

/// Keys of the supplementary security domain that the applications belong to.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct DomainKeys(AesKeys);

impl DomainKeys {
    pub(crate) const fn version(&self) -> KeyVersion {
        self.0.version
    }

    /// To put them, and to open a channel with the domain.
    pub(crate) fn channel(&self) -> StaticKeys {
        StaticKeys::Scp03(self.0.keys.clone())
    }

    pub(super) fn exposed(&self) -> [&[u8]; 3] {
        self.0.exposed()
    }
}

/// A key of an application: for one purpose, under an index.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, try_from = "ApplicationKeyTexts")]
pub(super) struct ApplicationKey(Zeroizing<[u8; KEY_BYTES]>);

/// Usage, index, version, algorithm, sixteen bytes: as DGI 8101 carries a key.
const KEY_BYTES: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationKeyTexts {
    name: String,
    #[serde(default = "first")]
    index: Hex<1>,
    #[serde(default)]
    version: Hex<1>,
    #[serde(default)]
    algorithm: Hex<1>,
    key: Secret<16>,
}

const fn first() -> Hex<1> {
    Hex([1])
}

impl TryFrom<ApplicationKeyTexts> for ApplicationKey {
    type Error = String;

    fn try_from(texts: ApplicationKeyTexts) -> Result<Self, String> {
        let ApplicationKeyTexts { name, index: Hex([index]), version, algorithm, key: Secret(key) } = texts;
        let (Hex([version]), Hex([algorithm])) = (version, algorithm);
        let usage = usage(&name).ok_or_else(|| format!("name: there is no key {name:?}"))?;
        ensure_strong(&key, usage == key::TransactionCode::USAGE)
            .map_err(|error| format!("key of {name}: {error}"))?;
        let mut record = Zeroizing::new([0; KEY_BYTES]);
        let (head, bytes) = record.split_at_mut(4);
        head.copy_from_slice(&[usage, index, version, algorithm]);
        bytes.copy_from_slice(&*key);
        Ok(Self(record))
    }
}

impl ApplicationKey {
    /// As a DGI carries it.
    pub(super) fn record(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    pub(super) fn exposed(&self) -> &[u8] {
        self.0.get(4..).unwrap_or_default()
    }
}

macro_rules! for_each_purpose {
    ($found:ident) => {
        $found!(
            Load,
            Purchase,
            Unload,
            Overdraft,
            TransactionCode,
            Maintenance,
            PinUnblock,
            PinReload,
            Cancel,
            Conversion,
            Parameters,
            Completion,
            Grade
        )
    };
}

/// The usage byte of a key's name.
fn usage(name: &str) -> Option<u8> {
    macro_rules! named {
        ($($purpose:ident),*) => {
            [$((key::$purpose::NAME, key::$purpose::USAGE)),*]
        };
    }
    let known = for_each_purpose!(named);
    known.into_iter().find(|(known, _)| *known == name).map(|(_, usage)| usage)
}

/// The key that a DGI carries: usage, index, version, algorithm, sixteen bytes.
pub(super) fn key_record(bytes: &[u8]) -> Option<KeyRecord> {
    let [usage, index, version, algorithm, key @ ..] = <&[u8; KEY_BYTES]>::try_from(bytes).ok()?;
    macro_rules! of_usage {
        ($($purpose:ident),*) => {
            match *usage {
                $(key::$purpose::USAGE => {
                    let key = Key::<key::$purpose>::new(*key);
                    Some(KeyRecord::new(&key, *index, *version, *algorithm))
                })*
                _ => None,
            }
        };
    }
    for_each_purpose!(of_usage)
}

/// Refuses sixteen equal bytes, as a form that was not filled in has them.
fn ensure_not_uniform(key: &[u8; 16]) -> Result<(), &'static str> {
    if key.iter().all(|byte| byte == &key[0]) { Err("all bytes are the same") } else { Ok(()) }
}

/// Refuses keys of 3DES that are worth less than they seem. Parity bits do not count.
fn ensure_strong(key: &[u8; 16], makes_codes: bool) -> Result<(), &'static str> {
    ensure_not_uniform(key)?;
    let [left, right] = [0, 8].map(|at| u64::from_be_bytes(std::array::from_fn(|byte| key[at + byte])));
    if (left ^ right) & !PARITY == 0 {
        return Err("both halves are equal");
    }
    if is_weak(left) || is_weak(right) {
        return Err("one half is a weak key of DES");
    }
    if makes_codes && is_weak(left ^ right) {
        return Err("the key that the halves make together is a weak key of DES");
    }
    Ok(())
}

const PARITY: u64 = 0x0101_0101_0101_0101;

/// The weak and semi-weak keys of DES (NIST SP 800-67 Rev. 2, section 3.3.2), and zero.
fn is_weak(half: u64) -> bool {
    const WEAK: [u64; 16] = [
        0x0101_0101_0101_0101,
        0xFEFE_FEFE_FEFE_FEFE,
        0xE0E0_E0E0_F1F1_F1F1,
        0x1F1F_1F1F_0E0E_0E0E,
        0x01FE_01FE_01FE_01FE,
        0xFE01_FE01_FE01_FE01,
        0x1FE0_1FE0_0EF1_0EF1,
        0xE01F_E01F_F10E_F10E,
        0x01E0_01E0_01F1_01F1,
        0xE001_E001_F101_F101,
        0x1FFE_1FFE_0EFE_0EFE,
        0xFE1F_FE1F_FE0E_FE0E,
        0x011F_011F_010E_010E,
        0x1F01_1F01_0E01_0E01,
        0xE0FE_E0FE_F1FE_F1FE,
        0xFEE0_FEE0_FEF1_FEF1,
    ];
    WEAK.iter().any(|weak| (weak ^ half) & !PARITY == 0)
}
