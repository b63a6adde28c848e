//! What the issuer signs for one purse: each message bears the purse and a number that is used once.

use globalplatform::{apdu::Command, status::StatusWord};
use pki::{Day, Generation, PublicKey, SubjectId};

use super::{
    application::Application,
    contents::Contents,
    logs::{EXCEPTIONS_MAX, Entry, Log},
    message::AUTHORITY,
    pay_details::{Currency, Series},
    pocket::{POCKETS, Pocket, PocketLimits},
    rules::Rule,
};
use crate::{
    amount::Amount,
    answer::{Answer, Refusal, done, ensure},
    bytes::{Reader, Writer},
    nvm::Nvm,
};

/// Counter of what the issuer signs for a purse; each is used once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthoritySequence(pub u32);

/// What the issuer wants; the byte is P1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum AuthorityKind {
    /// The issuer has seen the purse's report: sums begin again. Day 4 ‖ limits 16 of each pocket.
    Synchronise = 1,
    /// The exception log is empty again. Signed is the whole log; sent is nothing.
    ClearExceptions = 2,
    /// Currency 2 ‖ series 2 ‖ amount 4 come into a pocket.
    Load = 3,
    /// Currency 2 ‖ series 2 ‖ amount 4 go out of a pocket.
    Unload = 4,
    /// Series 2.
    SwitchOffSeries = 5,
    /// Issuer 16 ‖ generation 2.
    SwitchOffGeneration = 6,
    /// Place 1 ‖ currency 2 ‖ series 2 ‖ limits 16 for an empty pocket.
    SetPocket = 7,
    /// All tries of the lock's PIN are given back.
    GiveTriesBack = 8,
}

impl AuthorityKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Synchronise,
        Self::ClearExceptions,
        Self::Load,
        Self::Unload,
        Self::SwitchOffSeries,
        Self::SwitchOffGeneration,
        Self::SetPocket,
        Self::GiveTriesBack,
    ];

    /// P1 of the command.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// Whether it touches pockets, which is refused while a transfer is under way.
    const fn waits_for_the_end(self) -> bool {
        matches!(self, Self::Synchronise | Self::Load | Self::Unload | Self::SetPocket)
    }
}

/// The longest signed message: purse, number, kind, a full exception log.
const SIGNED_MAX: usize = 16 + 4 + 1 + 1 + EXCEPTIONS_MAX * Entry::BYTES;

/// What the issuer signs under the context of its messages: purse 16 ‖ number 4 ‖ kind 1 ‖ content.
#[derive(Clone, Copy, Debug)]
struct SignedText {
    bytes: [u8; SIGNED_MAX],
    length: usize,
}

impl SignedText {
    fn new(
        purse: SubjectId,
        sequence: AuthoritySequence,
        kind: AuthorityKind,
        content: &[u8],
    ) -> Option<Self> {
        let mut text = Self { bytes: [0; SIGNED_MAX], length: 0 };
        let mut writer = Writer::new(&mut text.bytes);
        writer.put(&purse.0);
        writer.put(&sequence.0.to_be_bytes());
        writer.byte(kind.byte());
        writer.put(content);
        text.length = writer.length()?;
        Some(text)
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// The issuer's side: the data of 90 34 for a purse. To clear exceptions, `content` is how many there are, one byte, and
/// the entries in the order of the log. `None` where the content is too long.
#[must_use]
pub fn authority_message(
    key: &pki::KeyPair,
    to: (SubjectId, AuthoritySequence),
    kind: AuthorityKind,
    content: &[u8],
) -> Option<pki::Signature> {
    let text = SignedText::new(to.0, to.1, kind, content)?;
    key.sign(AUTHORITY, text.as_slice()).ok()
}

impl<N: Nvm> Application<N> {
    /// 90 34: P1 kind; number 4 ‖ content ‖ signature 64.
    pub(super) fn take_authority(&mut self, command: &Command<'_>) -> Answer {
        let kind = AuthorityKind::ALL.into_iter().find(|kind| kind.byte() == command.p1);
        let kind = kind.filter(|_| command.p2 == 0).ok_or(StatusWord::WRONG_P1_P2)?;
        let (number, rest) = command.data().split_first_chunk().ok_or(StatusWord::WRONG_LENGTH)?;
        let (content, signature) = rest.split_last_chunk::<64>().ok_or(StatusWord::WRONG_LENGTH)?;
        let number = AuthoritySequence(u32::from_be_bytes(*number));
        let contents = self.contents();
        let is_next = self.session.rules.keeps(Rule::AuthorityOnce, number == contents.authority_sequence);
        ensure(is_next, StatusWord::CONDITIONS_NOT_MET)?;
        let after = contents.authority_sequence.0.checked_add(1).ok_or(StatusWord(0x9402))?;
        let is_clear = kind == AuthorityKind::ClearExceptions;
        ensure(!kind.waits_for_the_end() || contents.status.is_idle(), StatusWord::CONDITIONS_NOT_MET)?;
        let logged = logged_set(&contents.exceptions);
        let signed = if is_clear { logged.as_slice() } else { content };
        ensure(!is_clear || content.is_empty(), StatusWord::WRONG_LENGTH)?;
        let text = SignedText::new(contents.purse, number, kind, signed).ok_or(StatusWord::WRONG_LENGTH)?;
        let key = PublicKey::from_bytes(&contents.issuer_key).ok_or(StatusWord::MEMORY_FAILURE)?;
        let is_signed = key.verify(AUTHORITY, text.as_slice(), signature).is_ok();
        let names_others = is_clear && self.session.rules.breaks(Rule::CodeNamesEntries);
        ensure(is_signed || names_others, StatusWord::MAC_WRONG)?;
        let mut next = contents.clone();
        apply(&mut next, kind, &mut Reader::new(content))?;
        next.authority_sequence = AuthoritySequence(after);
        self.journal.commit(next)?;
        done(&[])
    }
}

/// How many entries there are, and the entries: no two logs have the same text.
struct LoggedSet {
    bytes: [u8; 1 + EXCEPTIONS_MAX * Entry::BYTES],
    length: usize,
}

impl LoggedSet {
    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

fn logged_set(log: &Log<EXCEPTIONS_MAX>) -> LoggedSet {
    let mut set = LoggedSet { bytes: [0; 1 + EXCEPTIONS_MAX * Entry::BYTES], length: 0 };
    let mut writer = Writer::new(&mut set.bytes);
    writer.byte(log.length());
    log.entries().for_each(|entry| writer.put(&entry.to_bytes()));
    set.length = writer.length().unwrap_or_default();
    set
}

fn apply(next: &mut Contents, kind: AuthorityKind, content: &mut Reader<'_>) -> Result<(), Refusal> {
    match kind {
        AuthorityKind::Synchronise => synchronise(next, content)?,
        AuthorityKind::ClearExceptions => next.exceptions = Log::EMPTY,
        AuthorityKind::Load => {
            let (pocket, amount) = pocket_and_amount(next, content)?;
            pocket.balance = pocket.after_credit(amount).ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        }
        AuthorityKind::Unload => {
            let (pocket, amount) = pocket_and_amount(next, content)?;
            pocket.balance = pocket.balance.checked_sub(amount).ok_or(StatusWord(0x9401))?;
        }
        AuthorityKind::SwitchOffSeries => {
            let series = Series(content.take().ok_or(StatusWord::WRONG_LENGTH)?);
            next.switched_off.add_series(series).ok_or(StatusWord::NOT_ENOUGH_SPACE)?;
        }
        AuthorityKind::SwitchOffGeneration => {
            let issuer = SubjectId(content.take().ok_or(StatusWord::WRONG_LENGTH)?);
            let generation = content.take().map(u16::from_be_bytes).ok_or(StatusWord::WRONG_LENGTH)?;
            let added = next.switched_off.add_generation(issuer, Generation(generation));
            added.ok_or(StatusWord::NOT_ENOUGH_SPACE)?;
        }
        AuthorityKind::SetPocket => set_pocket(next, content)?,
        AuthorityKind::GiveTriesBack => next.lock.tries = next.lock.tries_max,
    }
    ensure(content.rest().is_empty(), StatusWord::WRONG_LENGTH)
}

fn synchronise(next: &mut Contents, content: &mut Reader<'_>) -> Result<(), StatusWord> {
    let day = Day(content.take().map(u32::from_be_bytes).ok_or(StatusWord::WRONG_LENGTH)?);
    if day < next.day {
        return Err(StatusWord::CONDITIONS_NOT_MET);
    }
    next.day = day;
    for pocket in &mut next.pockets {
        pocket.limits = PocketLimits::read(content).ok_or(StatusWord::WRONG_LENGTH)?;
        (pocket.sent, pocket.received) = (Amount::ZERO, Amount::ZERO);
    }
    Ok(())
}

fn pocket_and_amount<'a>(
    next: &'a mut Contents,
    content: &mut Reader<'_>,
) -> Result<(&'a mut Pocket, Amount), StatusWord> {
    let currency = Currency(content.take().ok_or(StatusWord::WRONG_LENGTH)?);
    let series = Series(content.take().ok_or(StatusWord::WRONG_LENGTH)?);
    let amount = Amount::from_bytes(content.take().ok_or(StatusWord::WRONG_LENGTH)?);
    let pocket = next.pocket_mut(currency, series).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    Ok((pocket, amount))
}

fn set_pocket(next: &mut Contents, content: &mut Reader<'_>) -> Result<(), StatusWord> {
    let place = usize::from(content.byte().ok_or(StatusWord::WRONG_LENGTH)?);
    let currency = Currency(content.take().ok_or(StatusWord::WRONG_LENGTH)?);
    let series = Series(content.take().ok_or(StatusWord::WRONG_LENGTH)?);
    let limits = PocketLimits::read(content).ok_or(StatusWord::WRONG_LENGTH)?;
    if place < POCKETS && next.pockets.iter().any(|pocket| pocket.holds(currency, series)) {
        return Err(StatusWord::WRONG_DATA);
    }
    let pocket = next.pockets.get_mut(place).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    if pocket.balance != Amount::ZERO {
        return Err(StatusWord::CONDITIONS_NOT_MET);
    }
    *pocket = Pocket::empty(currency, series, limits);
    Ok(())
}
