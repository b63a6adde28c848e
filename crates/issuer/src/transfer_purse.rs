//! The issuer's side of purses that pay each other (`docs/spec/purse-to-purse.md`, The issuer).
//!
//! # Specification
//!
//! * Value moves between purses without a posting. Each purse has an account of what it was loaded with and has not been told
//!   of; one account of a currency, the *float*, holds what they have been told of: Σ balances + Σ lost.
//! * A load is one transfer, from the wallet to the purse's account. From then on the money is the message: it fits one purse,
//!   once, and may be fetched as often as anybody likes. Before it is told the first time, its amount goes to the float.
//! * The messages of a purse are the credits of its account in the order in which the ledger made them; the n-th has the number
//!   n, from 0, and its code is its kind. So nobody has to remember what was signed: whoever asks again, after any loss, gets
//!   the same messages. One of them alone says what the purse showed: a code to clear its log, which fits that log only.
//! * A report says which number the purse waits for. Whoever brings it gets the messages from there on.
//! * An unload is a message too. Its amount is kept from the float, and goes to the wallet once a report shows that the purse has
//!   taken the message.
//! * An exception that a purse shows is noted in the ledger, under an id that follows from it. Where both sides of a transfer are
//!   noted, its value was lost, and goes from the float to the payer, under an id that follows from the transfer: once.

use ledger::{AccountId, Code, Transfer, TransferFlags, TransferId};
use money::{Amount as Money, Currency as MoneyCurrency};
use pki::{Day, KeyPair, PublicKey, Signature, SubjectId};
use purse::{
    amount::Amount,
    bytes::Reader,
    vtp::{
        AuthorityKind, AuthoritySequence, Currency, EXCEPTION, Entry, POCKETS, PocketLimits, REPORT, Series,
        Side, Status, authority_message, is_lost,
    },
};
use wallet::{
    chart,
    ids::{OperationId, derive_transfer},
    postings::decision_id,
    purse_chart::{self, PurseName},
};

/// The series of value that loads bring.
pub const SERIES: Series = Series([0, 1]);
/// next sequence 4 ‖ issuer's number 4 ‖ status 1 ‖ exceptions 1 ‖ five times 16.
pub const REPORT_BYTES: usize = 90;

/// The name under which a card's purse pays others: the last six bytes of its issuer ‖ its serial number.
#[must_use]
pub fn subject(name: &PurseName) -> SubjectId {
    let [_, _, own @ ..] = name.0;
    SubjectId(own)
}

/// A currency as purses have it: its ISO 4217 number, a digit in each half of two bytes.
#[must_use]
pub fn pocket_currency(currency: MoneyCurrency) -> Currency {
    let digit = |by: u16| {
        let [_, digit] = (currency.numeric() / by % 10).to_be_bytes();
        digit
    };
    Currency([digit(100), digit(10) << 4 | digit(1)])
}

/// A load: the wallet's money becomes a message for this purse.
#[must_use]
pub fn load(name: &PurseName, load: OperationId, wallet: AccountId, amount: Money) -> Transfer {
    Transfer {
        id: decision_id(load),
        debit_account_id: wallet,
        credit_account_id: purse_chart::transfer_purse_id(name, amount.currency()),
        amount: ledger::Amount(u128::from(amount.minor())),
        user_data_128: name.transfer_bits(),
        ledger: chart::money_ledger(amount.currency()),
        code: chart::TRANSFER_PURSE_LOAD,
        ..Transfer::default()
    }
}

/// What every posting of a purse that moves nothing of a wallet has in common.
fn posting(name: &PurseName, currency: MoneyCurrency, id: TransferId, code: Code) -> Transfer {
    Transfer {
        id,
        debit_account_id: purse_chart::transfer_float_id(currency),
        credit_account_id: purse_chart::transfer_purse_id(name, currency),
        user_data_128: name.transfer_bits(),
        ledger: chart::money_ledger(currency),
        code,
        ..Transfer::default()
    }
}

/// The purse is told of this credit of its account: from then on the value may be anywhere.
#[must_use]
pub fn fetched(credit: &Transfer) -> Transfer {
    let float = chart::currency_of(credit.ledger).map(purse_chart::transfer_float_id);
    Transfer {
        id: derive_transfer("sycee transfer purse fetched v1", &[&credit.id.0.to_be_bytes()]),
        debit_account_id: credit.credit_account_id,
        credit_account_id: float.unwrap_or_default(),
        amount: credit.amount,
        user_data_128: credit.user_data_128,
        ledger: credit.ledger,
        code: chart::TRANSFER_PURSE_FETCHED,
        ..Transfer::default()
    }
}

/// Under which id an exception is noted.
#[must_use]
pub fn exception_id(entry: &Entry) -> TransferId {
    derive_transfer("sycee transfer purse exception v1", &[&entry.to_bytes()])
}

/// An exception of a purse's log. `user_data_64` is its amount, `user_data_32` 1 where the purse was
/// to be paid.
#[must_use]
pub fn exception_noted(name: &PurseName, currency: MoneyCurrency, entry: &Entry) -> Transfer {
    let code = chart::TRANSFER_PURSE_EXCEPTION;
    let credit = posting(name, currency, exception_id(entry), code);
    Transfer {
        debit_account_id: credit.credit_account_id,
        credit_account_id: credit.debit_account_id,
        user_data_64: entry.details.amount.units().into(),
        user_data_32: u32::from(matches!(entry.side, Side::To)),
        ..credit
    }
}

/// The same transfer as the other purse would log it.
#[must_use]
pub fn other_side(entry: &Entry) -> Entry {
    let side = match entry.side {
        Side::From => Side::To,
        Side::To => Side::From,
    };
    Entry { side, details: entry.details }
}

/// Under which id the payer gets back what this exception of its says.
#[must_use]
pub fn given_back_id(payers_exception: TransferId) -> TransferId {
    derive_transfer("sycee transfer purse given back v1", &[&payers_exception.0.to_be_bytes()])
}

/// What two exceptions prove was lost goes back to its payer. `None` where they prove nothing.
#[must_use]
pub fn given_back(payer: &PurseName, currency: MoneyCurrency, [from, to]: [&Entry; 2]) -> Option<Transfer> {
    if !is_lost(from, to) {
        return None;
    }
    let id = given_back_id(exception_id(from));
    let posting = posting(payer, currency, id, chart::TRANSFER_PURSE_GIVEN_BACK);
    Some(Transfer { amount: ledger::Amount(u128::from(from.details.amount.units())), ..posting })
}

/// The purse may clear its log, by its message of this number.
#[must_use]
pub fn cleared(name: &PurseName, currency: MoneyCurrency, number: AuthoritySequence) -> Transfer {
    let parts: [&[u8]; 2] = [&name.0, &number.0.to_be_bytes()];
    let id = derive_transfer("sycee transfer purse cleared v1", &parts);
    posting(name, currency, id, chart::TRANSFER_PURSE_CLEARED)
}

/// The sums of the purse begin again, once a day. `user_data_32` is the day, `user_data_64` what it had sent and received until
/// then, 32 bits each.
#[must_use]
pub fn synchronised(name: &PurseName, currency: MoneyCurrency, day: Day, report: &Report) -> Transfer {
    let parts: [&[u8]; 3] = [&name.0, &currency.numeric().to_be_bytes(), &day.0.to_be_bytes()];
    Transfer {
        user_data_64: u64::from(report.sent.units()) << 32 | u64::from(report.received.units()),
        user_data_32: day.0,
        ..posting(
            name,
            currency,
            derive_transfer("sycee transfer purse synchronised v1", &parts),
            chart::TRANSFER_PURSE_SYNCHRONISED,
        )
    }
}

/// What the issuer signed for one purse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerMessage {
    /// Its number.
    pub number: AuthoritySequence,
    /// What it is.
    pub kind: AuthorityKind,
    /// Its content.
    pub content: Vec<u8>,
    /// Over purse, number, kind and content.
    pub signature: Signature,
}

impl IssuerMessage {
    /// The data of 90 34: number 4 ‖ content ‖ signature 64.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.number.0.to_be_bytes()[..], &self.content, &self.signature].concat()
    }
}

/// The purse shall give back an amount, by its message of this number: as much is kept from the float until it has.
#[must_use]
pub fn unload(name: &PurseName, number: AuthoritySequence, amount: Money) -> Transfer {
    let parts: [&[u8]; 2] = [&name.0, &number.0.to_be_bytes()];
    let id = derive_transfer("sycee transfer purse unload v1", &parts);
    Transfer {
        amount: ledger::Amount(u128::from(amount.minor())),
        flags: TransferFlags::PENDING,
        ..posting(name, amount.currency(), id, chart::TRANSFER_PURSE_UNLOAD)
    }
}

/// The id of the transfer to the wallet once the purse has given back.
#[must_use]
pub fn unloaded_id(unload: TransferId) -> TransferId {
    derive_transfer("sycee transfer purse unloaded v1", &[&unload.0.to_be_bytes()])
}

/// The purse has given back: a chain that ends the reservation and pays the wallet.
#[must_use]
pub fn unloaded(unload: &Transfer, wallet: AccountId) -> [Transfer; 2] {
    let ended = Transfer {
        id: derive_transfer("sycee transfer purse given v1", &[&unload.id.0.to_be_bytes()]),
        amount: ledger::Amount::MAX,
        pending_id: unload.id,
        flags: TransferFlags::POST_PENDING_TRANSFER | TransferFlags::LINKED,
        ..Transfer::default()
    };
    let paid = Transfer {
        id: unloaded_id(unload.id),
        debit_account_id: unload.credit_account_id,
        credit_account_id: wallet,
        amount: unload.amount,
        user_data_128: unload.user_data_128,
        ledger: unload.ledger,
        code: chart::TRANSFER_PURSE_UNLOADED,
        ..Transfer::default()
    };
    [ended, paid]
}

/// What the content of messages follows from, beside the ledger.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// What the first pocket allows after a synchronisation.
    pub limits: PocketLimits,
    /// The whole log of exceptions, as the purse has shown it now. Empty where it has not.
    pub exceptions: &'a [Entry],
}

/// The messages of a purse from a number on; `credits` are all of its account, in order. They end before a code to clear the log,
/// where the purse has not shown it.
#[must_use]
pub fn messages(
    key: &KeyPair,
    purse: SubjectId,
    credits: &[Transfer],
    (from, terms): (AuthoritySequence, Terms<'_>),
) -> Vec<IssuerMessage> {
    let numbered = (0_u32..).map(AuthoritySequence).zip(credits).skip_while(|(number, _)| *number < from);
    numbered.map_while(|(number, credit)| message(key, (purse, number), credit, terms)).collect()
}

/// Which message a credit of a purse's account is.
#[must_use]
pub const fn kind_of(credit: &Transfer) -> Option<AuthorityKind> {
    match credit.code {
        chart::TRANSFER_PURSE_LOAD | chart::TRANSFER_PURSE_GIVEN_BACK => Some(AuthorityKind::Load),
        chart::TRANSFER_PURSE_UNLOAD => Some(AuthorityKind::Unload),
        chart::TRANSFER_PURSE_CLEARED => Some(AuthorityKind::ClearExceptions),
        chart::TRANSFER_PURSE_SYNCHRONISED => Some(AuthorityKind::Synchronise),
        _ => None,
    }
}

fn message(
    key: &KeyPair,
    (purse, number): (SubjectId, AuthoritySequence),
    credit: &Transfer,
    terms: Terms<'_>,
) -> Option<IssuerMessage> {
    let kind = kind_of(credit)?;
    let signed = match kind {
        AuthorityKind::Load | AuthorityKind::Unload => {
            let currency = pocket_currency(chart::currency_of(credit.ledger)?);
            let units = u32::try_from(credit.amount.0).ok()?;
            [&currency.0[..], &SERIES.0, &units.to_be_bytes()].concat()
        }
        AuthorityKind::ClearExceptions => logged(terms.exceptions)?,
        _ => {
            let mut content = credit.user_data_32.to_be_bytes().to_vec();
            content.extend(terms.limits.to_bytes());
            (1..POCKETS).for_each(|_| content.extend(PocketLimits::NONE.to_bytes()));
            content
        }
    };
    let signature = authority_message(key, (purse, number), kind, &signed)?;
    // What a log holds is signed, and not sent.
    let content = if kind == AuthorityKind::ClearExceptions { Vec::new() } else { signed };
    Some(IssuerMessage { number, kind, content, signature })
}

/// How many entries ‖ the entries. `None` of none.
fn logged(entries: &[Entry]) -> Option<Vec<u8>> {
    let count = u8::try_from(entries.len()).ok().filter(|count| *count > 0)?;
    let mut text = vec![count];
    entries.iter().for_each(|entry| text.extend(entry.to_bytes()));
    Some(text)
}

/// What a purse said about itself, and signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The number of the issuer's next message.
    pub issuer_number: AuthoritySequence,
    /// Whether no transfer is under way.
    pub is_idle: bool,
    /// How many entries its log of exceptions has.
    pub exceptions: u8,
    /// What its first pocket holds, in minor units.
    pub balance: Amount,
    /// What its first pocket sent since the last synchronisation, in minor units.
    pub sent: Amount,
    /// What its first pocket received since then.
    pub received: Amount,
}

/// Reads a report over a challenge. `None` where it is not signed by this key.
#[must_use]
pub fn read_report(
    (purse, key): (SubjectId, &PublicKey),
    challenge: &[u8; 16],
    report: &[u8; REPORT_BYTES],
    signature: &Signature,
) -> Option<Report> {
    let signed = [&purse.0[..], challenge, report].concat();
    key.verify(REPORT, &signed, signature).ok()?;
    let mut body = Reader::new(report);
    let _next_sequence: [u8; 4] = body.take()?;
    let issuer_number = AuthoritySequence(u32::from_be_bytes(body.take()?));
    let status = Status::ALL.get(usize::from(body.byte()?))?;
    let exceptions = body.byte()?;
    let _currency_and_series: [u8; 4] = body.take()?;
    let [balance, sent, received] = [body.take()?, body.take()?, body.take()?].map(Amount::from_bytes);
    Some(Report { issuer_number, is_idle: status.is_idle(), exceptions, balance, sent, received })
}

/// Reads an entry of the log that a purse signed. `None` where it is not signed by this key, or tells of others.
#[must_use]
pub fn read_exception(
    (purse, key): (SubjectId, &PublicKey),
    entry: &[u8; Entry::BYTES],
    signature: &Signature,
) -> Option<Entry> {
    key.verify(EXCEPTION, &[&purse.0[..], entry].concat(), signature).ok()?;
    let entry = Entry::from_bytes(entry)?;
    let own = match entry.side {
        Side::From => entry.details.from,
        Side::To => entry.details.to,
    };
    (own == purse).then_some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: PurseName = PurseName([7; 18]);

    fn loads(amounts: &[u64]) -> Vec<Transfer> {
        let load = |(nth, minor): (u128, &u64)| {
            let amount = Money::from_minor(*minor, MoneyCurrency::CNY).unwrap();
            load(&NAME, OperationId::new(nth + 1), AccountId(9), amount)
        };
        (0..).zip(amounts).map(load).collect()
    }

    #[test]
    fn messages_are_numbered_by_the_ledger_and_signed_alike_whenever_they_are_asked_for() {
        let key = KeyPair::from_seed(&[3; 32]);
        let terms = Terms { limits: PocketLimits::NONE, exceptions: &[] };
        let from = |number| (AuthoritySequence(number), terms);
        let first = messages(&key, subject(&NAME), &loads(&[100, 250]), from(0));
        let later = messages(&key, subject(&NAME), &loads(&[100, 250, 30]), from(1));
        assert_eq!(first.iter().map(|message| message.number.0).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(later.iter().map(|message| message.number.0).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(first[1], later[0]);
        assert_eq!(first[1].content, [0x01, 0x56, 0, 1, 0, 0, 0, 250]);
    }

    #[test]
    fn a_code_to_clear_a_log_waits_until_the_purse_shows_it_and_holds_back_what_follows() {
        const NONE: [Entry; 0] = [];
        let key = KeyPair::from_seed(&[3; 32]);
        let mut credits = loads(&[100]);
        credits.push(cleared(&NAME, MoneyCurrency::CNY, AuthoritySequence(1)));
        credits.extend(loads(&[30]));
        let ask = |exceptions| {
            let terms = Terms { limits: PocketLimits::NONE, exceptions };
            messages(&key, subject(&NAME), &credits, (AuthoritySequence(0), terms))
        };
        assert_eq!(ask(&NONE).len(), 1);
        let entry = Entry::from_bytes(&[0; Entry::BYTES]).unwrap();
        let (one, two) = ([entry], [entry, entry]);
        let told = ask(&one);
        assert_eq!(told.len(), 3);
        assert!(told[1].content.is_empty(), "the purse knows its log");
        assert_ne!(told[1].signature, ask(&two)[1].signature);
    }

    #[test]
    fn two_sides_of_a_transfer_prove_one_loss() {
        let payer = Entry::from_bytes(&[0; Entry::BYTES]).unwrap();
        let payee = other_side(&payer);
        let back = |sides| given_back(&NAME, MoneyCurrency::CNY, sides);
        assert_eq!(back([&payer, &payee]).unwrap().id, given_back_id(exception_id(&payer)));
        assert_eq!(back([&payee, &payer]), None);
        assert_eq!(back([&payer, &payer]), None);
        assert_ne!(exception_id(&payer), exception_id(&payee));
    }

    #[test]
    fn a_currency_is_written_in_its_digits() {
        assert_eq!(pocket_currency(MoneyCurrency::CNY), Currency([0x01, 0x56]));
        assert_eq!(pocket_currency(MoneyCurrency::EUR), Currency([0x09, 0x78]));
    }

    #[test]
    fn a_report_that_was_changed_is_not_believed() {
        let key = KeyPair::from_seed(&[4; 32]);
        let (purse, challenge) = (subject(&NAME), [5; 16]);
        let mut report = [0; REPORT_BYTES];
        report[7] = 2;
        let signature = key.sign(REPORT, &[&purse.0[..], &challenge, &report].concat()).unwrap();
        let read = |report: &[u8; REPORT_BYTES], challenge: &[u8; 16]| {
            read_report((purse, &key.public()), challenge, report, &signature)
        };
        let number = read(&report, &challenge).map(|report| report.issuer_number);
        assert_eq!(number, Some(AuthoritySequence(2)));
        let mut other = report;
        other[7] = 0;
        assert_eq!(read(&other, &challenge), None);
        assert_eq!(read(&report, &[6; 16]), None);
    }
}
