//! What purse to purse is personalised with: the fields of the file, the groupings that carry them, and what the card makes of
//! these.

use pki::{Certificate, CertificateChain, Day, PublicKey, SubjectId};
use purse::{
    amount::Amount,
    bytes::Reader,
    vtp::{
        AuthoritySequence, Contents, Currency, POCKETS, Personalisation, Pocket, PocketLimits, Series,
        TransferSequence,
    },
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    draft::Unfit,
    grouping::Grouping,
    text::{Digits, Hex, Secret},
};

/// Scheme 16 ‖ its key 32 ‖ next sequence 4 ‖ next number of the issuer 4 ‖ day 4.
const SCHEME: u16 = 0x0201;
/// For each pocket: currency 2 ‖ series 2 ‖ limits 16.
const POCKET_LIST: u16 = 0x0202;
/// The issuer's certificate of the first and second credentials, then the purse's of both.
const CERTIFICATES: [u16; 4] = [0x0203, 0x0204, 0x0205, 0x0206];
/// The secret seeds of both credentials.
const SEEDS: [u16; 2] = [0x8201, 0x8202];
/// Tries ‖ PIN.
const PIN: u16 = 0x8203;
const POCKET_BYTES: usize = 20;

/// The fields of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferFields {
    scheme: Hex<16>,
    scheme_key: Hex<32>,
    credentials: [CredentialFields; 2],
    pockets: Vec<PocketFields>,
    pin: Digits,
    pin_tries: u8,
    #[serde(default)]
    next_sequence: u32,
    #[serde(default)]
    authority_sequence: u32,
    /// Today, in days since 1970-01-01.
    day: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialFields {
    seed: Secret<32>,
    issuer_certificate: Hex<148>,
    certificate: Hex<148>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PocketFields {
    currency: Hex<2>,
    series: Hex<2>,
    balance_max: Option<u32>,
    transfer_max: Option<u32>,
    sent_max: Option<u32>,
    received_max: Option<u32>,
}

impl PocketFields {
    fn to_bytes(&self) -> [u8; POCKET_BYTES] {
        let most = |amount: Option<u32>| Amount::new(amount.unwrap_or(u32::MAX));
        let limits = PocketLimits {
            balance_max: most(self.balance_max),
            transfer_max: most(self.transfer_max),
            sent_max: most(self.sent_max),
            received_max: most(self.received_max),
        };
        let mut bytes = [0; POCKET_BYTES];
        let (name, rest) = bytes.split_at_mut(4);
        name.copy_from_slice([self.currency.0, self.series.0].as_flattened());
        rest.copy_from_slice(&limits.to_bytes());
        bytes
    }
}

impl TransferFields {
    /// What a host sends to the card.
    pub(super) fn groupings(&self) -> Vec<Grouping> {
        let [first, second] = &self.credentials;
        let numbers = [self.next_sequence, self.authority_sequence, self.day].map(u32::to_be_bytes);
        let pockets: Vec<[u8; POCKET_BYTES]> = self.pockets.iter().map(PocketFields::to_bytes).collect();
        let mut groupings = vec![
            Grouping::new(SCHEME, &[&self.scheme.0, &self.scheme_key.0, numbers.as_flattened()]),
            Grouping::new(POCKET_LIST, &[pockets.as_flattened()]),
        ];
        let certificates =
            [&first.issuer_certificate, &second.issuer_certificate, &first.certificate, &second.certificate];
        for (dgi, certificate) in CERTIFICATES.into_iter().zip(certificates) {
            groupings.push(Grouping::new(dgi, &[&certificate.0]));
        }
        for (dgi, credentials) in SEEDS.into_iter().zip([first, second]) {
            groupings.push(Grouping::new(dgi, &[&*credentials.seed.0]));
        }
        groupings.push(Grouping::new(PIN, &[&[self.pin_tries], &self.pin.0]));
        groupings
    }

    /// Names a field with too many values for the card.
    pub(super) fn too_many(&self) -> Option<&'static str> {
        (self.pockets.len() > POCKETS).then_some("transfer.pockets")
    }

    pub(super) fn seeds(&self) -> [&[u8]; 2] {
        self.credentials.each_ref().map(|credentials| &credentials.seed.0[..])
    }
}

/// What the card has of purse to purse while it is personalised.
#[derive(Debug, Default)]
pub(crate) struct TransferDraft {
    head: Option<Head>,
    pockets: Option<[Pocket; POCKETS]>,
    certificates: [Option<Certificate>; 4],
    seeds: [Option<Zeroizing<[u8; 32]>>; 2],
    pin: Option<(u8, Zeroizing<Vec<u8>>)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    scheme: (SubjectId, PublicKey),
    next_sequence: TransferSequence,
    authority_sequence: AuthoritySequence,
    day: Day,
}

/// One grouping, understood.
#[derive(Debug)]
pub(super) enum TransferItem {
    Head(Head),
    Pockets([Pocket; POCKETS]),
    Certificate(usize, Certificate),
    Seed(usize, Zeroizing<[u8; 32]>),
    Pin(u8, Zeroizing<Vec<u8>>),
}

/// Understands a grouping. `None` for any other.
pub(super) fn read(dgi: u16, bytes: &[u8]) -> Option<TransferItem> {
    let place = |known: &[u16]| known.iter().position(|known| *known == dgi);
    if let Some(place) = place(&CERTIFICATES) {
        return Certificate::parse(bytes)
            .ok()
            .map(|certificate| TransferItem::Certificate(place, certificate));
    }
    if let Some(place) = place(&SEEDS) {
        return bytes.try_into().ok().map(|seed| TransferItem::Seed(place, Zeroizing::new(seed)));
    }
    match dgi {
        SCHEME => read_head(bytes).map(TransferItem::Head),
        POCKET_LIST => read_pockets(bytes).map(TransferItem::Pockets),
        PIN => {
            let (tries, pin) = bytes.split_first()?;
            Some(TransferItem::Pin(*tries, Zeroizing::new(pin.to_vec())))
        }
        _ => None,
    }
}

fn read_head(bytes: &[u8]) -> Option<Head> {
    let mut body = Reader::new(bytes);
    let head = Head {
        scheme: (SubjectId(body.take()?), PublicKey::from_bytes(&body.take()?)?),
        next_sequence: TransferSequence(u32::from_be_bytes(body.take()?)),
        authority_sequence: AuthoritySequence(u32::from_be_bytes(body.take()?)),
        day: Day(u32::from_be_bytes(body.take()?)),
    };
    body.rest().is_empty().then_some(head)
}

fn read_pockets(bytes: &[u8]) -> Option<[Pocket; POCKETS]> {
    let (entries, rest) = bytes.as_chunks::<POCKET_BYTES>();
    let mut pockets = [Pocket::UNUSED; POCKETS];
    if !rest.is_empty() || entries.len() > POCKETS {
        return None;
    }
    for (pocket, entry) in pockets.iter_mut().zip(entries) {
        let mut body = Reader::new(entry);
        let (currency, series) = (Currency(body.take()?), Series(body.take()?));
        let limits = PocketLimits {
            balance_max: Amount::from_bytes(body.take()?),
            transfer_max: Amount::from_bytes(body.take()?),
            sent_max: Amount::from_bytes(body.take()?),
            received_max: Amount::from_bytes(body.take()?),
        };
        *pocket = Pocket::empty(currency, series, limits);
    }
    Some(pockets)
}

impl TransferDraft {
    /// Takes an item; a second one of its kind takes the place of the first.
    pub(super) fn take(&mut self, item: TransferItem) {
        match item {
            TransferItem::Head(head) => self.head = Some(head),
            TransferItem::Pockets(pockets) => self.pockets = Some(pockets),
            TransferItem::Certificate(place, certificate) => {
                self.certificates.get_mut(place).into_iter().for_each(|at| *at = Some(certificate));
            }
            TransferItem::Seed(place, seed) => {
                self.seeds.get_mut(place).into_iter().for_each(|at| *at = Some(seed.clone()));
            }
            TransferItem::Pin(tries, pin) => self.pin = Some((tries, pin)),
        }
    }

    /// The purse that this is.
    pub(super) fn contents(&self) -> Result<Contents, Unfit> {
        let Head { scheme, next_sequence, authority_sequence, day } =
            self.head.ok_or(Unfit::Missing("scheme"))?;
        let (tries, pin) = self.pin.as_ref().ok_or(Unfit::Missing("PIN"))?;
        let [Some(issuer_1), Some(issuer_2), Some(purse_1), Some(purse_2)] = self.certificates else {
            return Err(Unfit::Missing("a certificate"));
        };
        let [Some(seed_1), Some(seed_2)] = &self.seeds else { return Err(Unfit::Missing("a seed")) };
        let chains = [(issuer_1, purse_1), (issuer_2, purse_2)];
        let [first, second] = chains.map(|(issuer, subject)| CertificateChain { issuer, subject });
        let contents = Contents::personalised(&Personalisation {
            scheme,
            credentials: [(seed_1, &first), (seed_2, &second)],
            pockets: self.pockets.ok_or(Unfit::Missing("pockets"))?,
            pin: (pin, *tries),
            next_sequence,
            authority_sequence,
            day,
        });
        contents.map_err(Unfit::Transfer)
    }
}
