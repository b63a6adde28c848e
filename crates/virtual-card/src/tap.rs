//! One purchase at a terminal: card, security module, and what becomes of it when either goes away in the middle.
//!
//! | # | to | command | |
//! |---|---|---|---|
//! | 1 | card | SELECT | says which card it is |
//! | 2 | card | INITIALIZE FOR PURCHASE | balance, sequence, random number |
//! | 3 | module | 80 70 | counts the sale, gives MAC1 |
//! | 4 | card | DEBIT | checks MAC1, debits, gives TAC and MAC2 |
//! | 5 | module | 80 72 | compares MAC2 and TAC |
//!
//! From 4 on the card may have paid, whatever the terminal hears: an answer can be late, cut off, or broken on its way, and even
//! a refusal may be a broken answer. Only a right MAC2 and TAC end the tap well; everything else leaves an [`Attempt`], which the
//! terminal must not forget. [`recover`] asks the same card for its proof (GET TRANSACTION PROVE), believes it only where the
//! security module confirms the TAC (80 78), and says that nothing was paid only where the card's counter has not moved.

use std::fmt;

use card_reader::reader::Reader;
use globalplatform::{
    apdu::{Command, Response},
    status::StatusWord,
    tlv::{self, Tag},
};
use purse::{
    amount::Amount,
    bytes::Reader as Fields,
    fields::{Asn, DateTime, Kind, Mac, Sequence, Tac, TerminalId, TerminalTransaction},
};

const FCI: Tag = Tag::known(0x6F);
const FCI_PROPRIETARY: Tag = Tag::known(0xA5);
const PUBLIC_INFORMATION: Tag = Tag::known(0x9F0C);
/// INITIALIZE FOR PURCHASE and DEBIT; of a compound purchase, INITIALIZE.
const INITIALIZE: [u8; 4] = [0x80, 0x50, 0x01, 0x02];
const INITIALIZE_COMPOUND: [u8; 4] = [0x80, 0x50, 0x03, 0x02];
const DEBIT: [u8; 4] = [0x80, 0x54, 0x01, 0x00];

/// What a terminal knows beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Till<'a> {
    /// The name of the purses it takes.
    pub aid: &'a [u8],
    /// Number of its security module.
    pub terminal: TerminalId,
    /// Index of the purchase key in cards.
    pub key_index: u8,
}

/// What is to be paid, and when.
#[derive(Clone, Copy, Debug)]
pub struct Sale {
    /// How much.
    pub amount: Amount,
    /// The terminal's clock.
    pub when: DateTime,
}

/// A debit that a card may have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which card.
    pub asn: Asn,
    /// Its offline sequence before the debit.
    pub sequence: Sequence,
    /// Its balance before.
    pub balance: Amount,
    /// How much.
    pub amount: Amount,
    /// When.
    pub when: DateTime,
    /// The terminal's number of it.
    pub transaction: TerminalTransaction,
    /// What the card answered, if it was heard and the security module has not found it wrong.
    pub tac: Option<Tac>,
}

/// A debit that a card proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What was debited.
    pub attempt: Attempt,
    /// What the issuer pays for.
    pub tac: Tac,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// The card paid.
    Paid(Receipt),
    /// The card did not pay, and cannot any more.
    NotPaid,
    /// The card did something else since, and proves only that. Clearing finds out.
    Unknown,
}

/// Why a tap did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapError {
    /// Card or module went away, and nothing was paid.
    Gone,
    /// Card or module said no, and nothing was paid.
    Refused(&'static str, StatusWord),
    /// What came is no answer to what was asked, and nothing was paid.
    Malformed(&'static str),
    /// The card was told to pay and has not proved that it did: a broken answer, a card that is gone, or no genuine card.
    Unproved(Attempt),
    /// Another card than the attempt's.
    OtherCard,
}

impl fmt::Display for TapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("reach the card: it went away before it was told to pay"),
            Self::Refused(step, status) => write!(f, "{step}: {status}"),
            Self::Malformed(step) => write!(f, "{step}: not an answer"),
            Self::Unproved(_) => f.write_str("prove the payment: the card may have paid"),
            Self::OtherCard => f.write_str("find out about a payment: this is another card"),
        }
    }
}

impl std::error::Error for TapError {}

/// Selects the application of the security module, as a terminal does when it starts.
///
/// # Errors
/// [`TapError`].
pub fn open_module(module: &mut impl Reader, file_identifier: [u8; 2]) -> Result<(), TapError> {
    let answer = send(module, [0x00, 0xA4, 0x00, 0x00], &file_identifier, None)?;
    data_of("select the security module", &answer).map(drop)
}

/// Sells.
///
/// # Errors
/// [`TapError`].
pub fn tap(
    card: &mut impl Reader,
    module: &mut impl Reader,
    till: &Till<'_>,
    sale: &Sale,
) -> Result<Receipt, TapError> {
    let asn = select(card, till)?;
    let begun = initialise(card, till, INITIALIZE, sale.amount)?;
    let (transaction, mac1) = authorise(module, &asn, &begun, sale)?;
    let attempt = Attempt {
        asn,
        sequence: begun.sequence,
        balance: begun.balance,
        amount: sale.amount,
        when: sale.when,
        transaction,
        tac: None,
    };
    let data = [&transaction.to_bytes()[..], &sale.when.0, &mac1.0].concat();
    let answer = send(card, DEBIT, &data, Some(8)).map_err(|_| TapError::Unproved(attempt))?;
    let mut proof = answer.data();
    let (Ok(tac), Ok(mac2)) = (take(&mut proof, "debit"), take::<4>(&mut proof, "debit")) else {
        return Err(TapError::Unproved(attempt));
    };
    let tac = Tac(Mac(tac));
    let heard = Attempt { tac: Some(tac), ..attempt };
    match compare(module, [0x80, 0x72, 0x00, 0x00], &[&mac2[..], &tac.0.0].concat()) {
        Ok(true) => Ok(Receipt { attempt: heard, tac }),
        Ok(false) => Err(TapError::Unproved(attempt)),
        Err(_) => Err(TapError::Unproved(heard)),
    }
}

/// Finds out what became of an attempt, with the same card. An attempt whose TAC was heard and is right needs no card.
///
/// # Errors
/// [`TapError`]; the attempt stays what it is.
pub fn recover(
    card: &mut impl Reader,
    module: &mut impl Reader,
    till: &Till<'_>,
    attempt: &Attempt,
) -> Result<Recovered, TapError> {
    if let Some(tac) = attempt.tac
        && is_code(module, attempt, tac)?
    {
        return Ok(Recovered::Paid(Receipt { attempt: *attempt, tac }));
    }
    if select(card, till)? != attempt.asn {
        return Err(TapError::OtherCard);
    }
    let after = attempt.sequence.next().unwrap_or(Sequence::END);
    let prove = [0x80, 0x5A, 0x00, Kind::Purchase.byte()];
    let answer = send(card, prove, &after.to_bytes(), Some(8))?;
    if let [_, _, _, _, tac @ ..] = answer.data()
        && let Ok(tac) = <[u8; 4]>::try_from(tac).map(|tac| Tac(Mac(tac)))
        && is_code(module, attempt, tac)?
    {
        return Ok(Recovered::Paid(Receipt { attempt: Attempt { tac: Some(tac), ..*attempt }, tac }));
    }
    // A compound purchase of nothing shows where the counter is, and ends without a debit.
    let now = initialise(card, till, INITIALIZE_COMPOUND, Amount::ZERO)?.sequence;
    Ok(if now == attempt.sequence { Recovered::NotPaid } else { Recovered::Unknown })
}

/// Selects the purse; its public information says which card it is.
fn select(card: &mut impl Reader, till: &Till<'_>) -> Result<Asn, TapError> {
    const STEP: &str = "select the purse";
    let answer = send(card, [0x00, 0xA4, 0x04, 0x00], till.aid, Some(256))?;
    let fci = data_of(STEP, &answer)?;
    let found = |bytes, tag| tlv::find(bytes, tag).ok().flatten();
    let public = found(fci, FCI)
        .and_then(|fci| found(fci, FCI_PROPRIETARY))
        .and_then(|proprietary| found(proprietary, PUBLIC_INFORMATION));
    let asn = public.and_then(|public| public.get(10..20)).and_then(|asn| asn.try_into().ok());
    asn.map(Asn).ok_or(TapError::Malformed(STEP))
}

/// What a card says when a debit begins.
struct Begun {
    balance: Amount,
    sequence: Sequence,
    /// Key version ‖ algorithm.
    tags: [u8; 2],
    random: [u8; 4],
}

fn initialise(
    card: &mut impl Reader,
    till: &Till<'_>,
    header: [u8; 4],
    amount: Amount,
) -> Result<Begun, TapError> {
    const STEP: &str = "initialise";
    let data = [&[till.key_index][..], &amount.to_bytes(), &till.terminal.0].concat();
    let answer = send(card, header, &data, Some(15))?;
    let mut data = data_of(STEP, &answer)?;
    let balance = Amount::from_bytes(take(&mut data, STEP)?);
    let sequence = Sequence::from_bytes(take(&mut data, STEP)?);
    let _overdraft_limit: [u8; 3] = take(&mut data, STEP)?;
    Ok(Begun { balance, sequence, tags: take(&mut data, STEP)?, random: take(&mut data, STEP)? })
}

/// The security module counts the sale and signs it.
fn authorise(
    module: &mut impl Reader,
    asn: &Asn,
    begun: &Begun,
    sale: &Sale,
) -> Result<(TerminalTransaction, Mac), TapError> {
    const STEP: &str = "authorise";
    let data = [
        &begun.random[..],
        &begun.sequence.to_bytes(),
        &sale.amount.to_bytes(),
        &[Kind::Purchase.byte()],
        &sale.when.0,
        &begun.tags,
        &asn.factor(),
    ]
    .concat();
    let answer = send(module, [0x80, 0x70, 0x00, 0x00], &data, Some(8))?;
    let mut data = data_of(STEP, &answer)?;
    Ok((TerminalTransaction::from_bytes(take(&mut data, STEP)?), Mac(take(&mut data, STEP)?)))
}

/// 80 78: whether a genuine card gives this TAC for an attempt.
fn is_code(module: &mut impl Reader, attempt: &Attempt, tac: Tac) -> Result<bool, TapError> {
    let question = [
        &attempt.amount.to_bytes()[..],
        &[Kind::Purchase.byte()],
        &attempt.transaction.to_bytes(),
        &attempt.when.0,
        &tac.0.0,
        &attempt.asn.factor(),
    ]
    .concat();
    compare(module, [0x80, 0x78, 0x00, 0x00], &question)
}

/// The security module's yes, or 9302.
fn compare(module: &mut impl Reader, header: [u8; 4], data: &[u8]) -> Result<bool, TapError> {
    match send(module, header, data, None)?.status() {
        status if status.is_success() => Ok(true),
        StatusWord::TRANSACTION_MAC_WRONG => Ok(false),
        status => Err(TapError::Refused("compare", status)),
    }
}

/// Sends a command. Whoever goes away here has not paid.
fn send(
    reader: &mut impl Reader,
    header: [u8; 4],
    data: &[u8],
    le: Option<u16>,
) -> Result<Response, TapError> {
    let command = Command::new(header, data, le).map_err(|_| TapError::Malformed("command"))?;
    reader.transmit(&command).map_err(|_| TapError::Gone)
}

/// The data of an answer that is no refusal.
fn data_of<'a>(step: &'static str, answer: &'a Response) -> Result<&'a [u8], TapError> {
    let status = answer.status();
    if status.is_success() { Ok(answer.data()) } else { Err(TapError::Refused(step, status)) }
}

fn take<const N: usize>(data: &mut &[u8], step: &'static str) -> Result<[u8; N], TapError> {
    let mut fields = Fields::new(data);
    let taken = fields.take().ok_or(TapError::Malformed(step))?;
    *data = fields.rest();
    Ok(taken)
}
