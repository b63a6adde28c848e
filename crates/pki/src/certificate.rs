use core::fmt;

use crate::{Context, KeyPair, PublicKey, Signature};

/// The length of every certificate.
pub const CERTIFICATE_BYTES: usize = BODY_BYTES + 64;
const BODY_BYTES: usize = 84;
/// The first byte: the version of the encoding.
const VERSION: u8 = 1;

/// Whom a certificate speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The scheme itself, signed by itself.
    Scheme,
    /// Who issues purses and admits terminals.
    Issuer,
    /// A purse in a card or phone.
    Purse,
    /// A terminal.
    Terminal,
    /// A terminal's security module.
    Psam,
}

impl Kind {
    /// Every kind; the place is the byte of the encoding.
    pub const ALL: [Self; 5] = [Self::Scheme, Self::Issuer, Self::Purse, Self::Terminal, Self::Psam];

    /// The only kind that issues this one.
    #[must_use]
    pub const fn issued_by(self) -> Self {
        match self {
            Self::Scheme | Self::Issuer => Self::Scheme,
            Self::Purse | Self::Terminal | Self::Psam => Self::Issuer,
        }
    }

    const fn byte(self) -> u8 {
        match self {
            Self::Scheme => 0,
            Self::Issuer => 1,
            Self::Purse => 2,
            Self::Terminal => 3,
            Self::Psam => 4,
        }
    }
}

/// Who somebody is, for ever: a purse keeps it over all its certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubjectId(pub [u8; 16]);

/// The number of a certificate; an issuer uses each once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial(pub u64);

/// A series of hardware and keys, which its issuer can switch off as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Generation(pub u16);

/// A day, counted from 1970-01-01 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(pub u32);

/// What a certificate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateBody {
    /// Whom it speaks of.
    pub kind: Kind,
    /// Its number.
    pub serial: Serial,
    /// Who signs it.
    pub issuer: SubjectId,
    /// Who holds the key.
    pub subject: SubjectId,
    /// The series that the key belongs to.
    pub generation: Generation,
    /// The first day on which it is good.
    pub valid_from: Day,
    /// The last day on which it is good.
    pub valid_until: Day,
    /// The subject's key.
    pub key: PublicKey,
}

impl CertificateBody {
    /// Version, kind, serial (8), issuer (16), subject (16), generation (2), first day (4), last day (4), key (32); all
    /// numbers big-endian.
    fn to_bytes(self) -> [u8; BODY_BYTES] {
        let mut bytes = [0; BODY_BYTES];
        let fields = [VERSION, self.kind.byte()]
            .into_iter()
            .chain(self.serial.0.to_be_bytes())
            .chain(self.issuer.0)
            .chain(self.subject.0)
            .chain(self.generation.0.to_be_bytes())
            .chain(self.valid_from.0.to_be_bytes())
            .chain(self.valid_until.0.to_be_bytes())
            .chain(self.key.to_bytes());
        bytes.iter_mut().zip(fields).for_each(|(place, byte)| *place = byte);
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let ([version, kind], rest) = take(bytes)?;
        if version != VERSION {
            return Err(Malformed::Version);
        }
        let kind = Kind::ALL.into_iter().find(|known| known.byte() == kind).ok_or(Malformed::Kind)?;
        let (serial, rest) = take(rest)?;
        let (issuer, rest) = take(rest)?;
        let (subject, rest) = take(rest)?;
        let (generation, rest) = take(rest)?;
        let (valid_from, rest) = take(rest)?;
        let (valid_until, rest) = take(rest)?;
        let (key, _) = take(rest)?;
        Ok(Self {
            kind,
            serial: Serial(u64::from_be_bytes(serial)),
            issuer: SubjectId(issuer),
            subject: SubjectId(subject),
            generation: Generation(u16::from_be_bytes(generation)),
            valid_from: Day(u32::from_be_bytes(valid_from)),
            valid_until: Day(u32::from_be_bytes(valid_until)),
            key: PublicKey::from_bytes(&key).ok_or(Malformed::Key)?,
        })
    }
}

fn take<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), Malformed> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(Malformed::Length)?;
    Ok((*taken, rest))
}

/// The bytes are no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Not [`CERTIFICATE_BYTES`] long.
    Length,
    /// Another version of the encoding.
    Version,
    /// No such kind.
    Kind,
    /// The key is no point of the curve, or one of small order.
    Key,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "certificate has a wrong length",
            Self::Version => "certificate has an unknown version",
            Self::Kind => "certificate speaks of an unknown kind",
            Self::Key => "certificate holds no usable key",
        })
    }
}

impl core::error::Error for Malformed {}

/// What an issuer says about a key, with its signature. Nothing about it is believed before [`Trust`](crate::Trust) has
/// checked it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    body: CertificateBody,
    signature: Signature,
}

impl Certificate {
    /// What it says.
    #[must_use]
    pub const fn body(&self) -> &CertificateBody {
        &self.body
    }

    /// The one encoding: the body's 84 bytes, then the Ed25519 signature over them.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; CERTIFICATE_BYTES] {
        let mut bytes = [0; CERTIFICATE_BYTES];
        let all = self.body.to_bytes().into_iter().chain(self.signature);
        bytes.iter_mut().zip(all).for_each(|(place, byte)| *place = byte);
        bytes
    }

    /// Reads a certificate.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let bytes: &[u8; CERTIFICATE_BYTES] = bytes.try_into().map_err(|_| Malformed::Length)?;
        let (body, signature) = bytes.split_last_chunk::<64>().ok_or(Malformed::Length)?;
        Ok(Self { body: CertificateBody::parse(body)?, signature: *signature })
    }

    /// Whether this key signed it.
    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verify(Context::CERTIFICATE, &self.body.to_bytes(), &self.signature).is_ok()
    }
}

/// An issuer does not sign that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueError {
    /// This kind does not issue that kind.
    WrongKind,
    /// The certificate names another issuer.
    WrongIssuer,
    /// It would be good before or after its issuer is, or on no day at all.
    WrongValidity,
    /// The key pair is not the one of the issuer's certificate.
    WrongKey,
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongKind => "issuer may not issue this kind",
            Self::WrongIssuer => "certificate names another issuer",
            Self::WrongValidity => "validity is not within the issuer's",
            Self::WrongKey => "key is not the issuer's",
        })
    }
}

impl core::error::Error for IssueError {}

impl KeyPair {
    /// Signs the certificate of the scheme by itself.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn issue_scheme(&self, body: CertificateBody) -> Result<Certificate, IssueError> {
        if body.kind != Kind::Scheme {
            return Err(IssueError::WrongKind);
        }
        self.issue_under(body, &body)
    }

    /// Signs a certificate as the issuer that `own` speaks of.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn issue(&self, own: &Certificate, body: CertificateBody) -> Result<Certificate, IssueError> {
        if body.kind == Kind::Scheme {
            return Err(IssueError::WrongKind);
        }
        self.issue_under(body, &own.body)
    }

    fn issue_under(&self, body: CertificateBody, own: &CertificateBody) -> Result<Certificate, IssueError> {
        if body.kind.issued_by() != own.kind {
            return Err(IssueError::WrongKind);
        }
        if body.issuer != own.subject {
            return Err(IssueError::WrongIssuer);
        }
        let is_within = own.valid_from <= body.valid_from && body.valid_until <= own.valid_until;
        if !is_within || body.valid_from > body.valid_until {
            return Err(IssueError::WrongValidity);
        }
        if own.key != self.public() {
            return Err(IssueError::WrongKey);
        }
        let signature = self
            .sign(Context::CERTIFICATE, &body.to_bytes())
            .expect("84 bytes are fewer than the most that can be signed");
        Ok(Certificate { body, signature })
    }
}
