//! `sycee purse …`: value from card to card (`docs/spec/purse-to-purse.md`).

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use card_reader::reader::Reader;
use clap::{Args, Subcommand};
use issuer::transfer_purse::pocket_currency;
use money::{Amount as Money, Currency as MoneyCurrency};
use pki::Day;
use purse::amount::Amount;
use purse::vtp::{Currency, Entry, PayDetails, Series, Side, Status};
use purse_to_purse::{Fate, HeldPurse, Outcome, Terms, Trouble, face_to_face, over, settle};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::held_card::held_card;

mod collect;
mod meeting;

use meeting::{Meeting, MeetingOptions};

/// How long a command waits for a card that went away.
const CARDS_WAIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);

#[derive(Debug, Subcommand)]
pub(crate) enum PurseCommand {
    /// Say what a card's purse holds, what is under way, and what it did last
    Show {
        #[command(flatten)]
        card: CardOption,
        /// Print one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Pay: to a card at this device, or to one at another device through a server
    Pay(PayOptions),
    /// Receive from a card at another device, through a server
    Receive(ReceiveOptions),
    /// Fetch from the server what the card was loaded with
    Collect {
        #[command(flatten)]
        card: CardOption,
        /// The server that issued the card: https, or http to this machine
        #[arg(long, value_name = "URL")]
        through: String,
    },
    /// Give value back to the wallet of the card's holder
    Unload {
        #[command(flatten)]
        card: CardOption,
        /// The server that issued the card: https, or http to this machine
        #[arg(long, value_name = "URL")]
        through: String,
        #[command(flatten)]
        terms: TermsOptions,
    },
    /// Give up what is under way; where value may be lost, the card keeps that for its issuer
    GiveUp(CardOption),
    /// Lock the purse: it pays nobody
    Lock(CardOption),
    /// Unlock the purse with its PIN, read from the standard input
    Unlock(CardOption),
}

#[derive(Debug, Args)]
pub(crate) struct CardOption {
    /// The card: a reader of the system, or the file of a virtual card's memory
    #[arg(long, value_name = "CARD")]
    card: String,
}

#[derive(Debug, Args)]
pub(crate) struct TermsOptions {
    /// How much, such as 12.50
    #[arg(long, value_name = "AMOUNT")]
    amount: String,
    /// In which currency
    #[arg(long, value_name = "CODE", default_value = "CNY", value_parser = currency)]
    currency: MoneyCurrency,
    /// Of which series of value: four hexadecimal digits
    #[arg(long, value_name = "HEX", default_value = "0001", value_parser = series)]
    series: Series,
    /// Print JSON, one line for each thing that happened
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PayOptions {
    #[command(flatten)]
    card: CardOption,
    /// The card that receives, where it is at this device
    #[arg(long, value_name = "CARD", conflicts_with = "through", required_unless_present = "through")]
    to: Option<String>,
    #[command(flatten)]
    terms: TermsOptions,
    #[command(flatten)]
    meeting: MeetingOptions,
}

#[derive(Debug, Args)]
pub(crate) struct ReceiveOptions {
    #[command(flatten)]
    card: CardOption,
    #[command(flatten)]
    terms: TermsOptions,
    #[command(flatten)]
    meeting: MeetingOptions,
}

fn currency(text: &str) -> Result<MoneyCurrency, String> {
    MoneyCurrency::from_code(text).map_err(|_| "not a currency of ISO 4217".to_owned())
}

fn series(text: &str) -> Result<Series, String> {
    let number = u16::from_str_radix(text, 16).ok().filter(|_| text.len() == 4);
    number.map(|number| Series(number.to_be_bytes())).ok_or_else(|| "not four hexadecimal digits".to_owned())
}

impl TermsOptions {
    fn money(&self) -> Result<Money, Failure> {
        Money::parse(&self.amount, self.currency)
            .map_err(|error| Failure::bad_data(format!("--amount {}: {error}", self.amount)))
    }

    fn terms(&self) -> Result<Terms, Failure> {
        let money = self.money()?;
        let units = u32::try_from(money.minor()).ok().filter(|units| *units > 0);
        let units = units.ok_or_else(|| {
            Failure::bad_data(format!(
                "--amount {}: more than zero, and no more than a card counts",
                self.amount
            ))
        })?;
        Ok(Terms {
            amount: Amount::new(units),
            currency: pocket_currency(self.currency),
            series: self.series,
        })
    }
}

/// What an amount on a card is in money. Units of an unknown currency are said as they are.
fn written(amount: Amount, currency: Currency) -> String {
    let [hundreds, rest] = currency.0.map(u16::from);
    let numeric = hundreds * 100 + (rest >> 4) * 10 + (rest & 0x0F);
    let money = MoneyCurrency::from_numeric(numeric).and_then(|known| {
        Money::from_minor(amount.units().into(), known)
            .map(|money| format!("{} {}", money.decimal(), known.code()))
    });
    money.unwrap_or_else(|_| format!("{} units of {numeric:03}", amount.units()))
}

fn today() -> Result<Day, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = since.ok().and_then(|since| u32::try_from(since.as_secs() / 86_400).ok());
    days.map(Day).ok_or_else(|| Failure::unavailable("this machine's clock has no usable date: set it"))
}

pub(crate) fn run(command: &PurseCommand) -> Result<(), Failure> {
    match command {
        PurseCommand::Show { card, json } => show(&card.card, *json),
        PurseCommand::Pay(options) => pay(options),
        PurseCommand::Receive(options) => {
            let meeting = options.meeting.open()?;
            meet(&options.card.card, Side::To, &options.terms, meeting)
        }
        PurseCommand::Collect { card, through } => collect::run(&card.card, through),
        PurseCommand::Unload { card, through, terms } => collect::unload(&card.card, through, terms.money()?),
        PurseCommand::GiveUp(card) => with_purse(&card.card, |purse| purse.give_up()),
        PurseCommand::Lock(card) => with_purse(&card.card, |purse| purse.lock()),
        PurseCommand::Unlock(card) => unlock(&card.card),
    }
}

fn with_purse<T>(
    card: &str,
    ask: impl FnOnce(&mut HeldPurse<'_>) -> Result<T, Trouble>,
) -> Result<T, Failure> {
    let mut reader = held_card(card)?;
    let mut purse = HeldPurse::select(&mut *reader)?;
    Ok(ask(&mut purse)?)
}

fn unlock(card: &str) -> Result<(), Failure> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let digits = line.trim();
    let pin = unhex(digits).filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let pin =
        pin.ok_or_else(|| Failure::bad_data("a PIN has four to sixteen digits, an even number of them"))?;
    with_purse(card, |purse| purse.unlock(&pin))
}

fn pay(options: &PayOptions) -> Result<(), Failure> {
    let Some(to) = &options.to else {
        let meeting = options.meeting.open()?;
        return meet(&options.card.card, Side::From, &options.terms, meeting);
    };
    let (mut payer, mut payee) = (held_card(&options.card.card)?, held_card(to)?);
    let outcome = match face_to_face(&mut *payer, &mut *payee, options.terms.terms()?, today()?) {
        Err(Trouble::Unfinished(details)) => finish(&mut *payer, &mut *payee, details)?,
        outcome => outcome?,
    };
    tell(&outcome, Side::From, options.terms.json)
}

/// Waits until both cards are there again and ends what they have begun.
fn finish(payer: &mut dyn Reader, payee: &mut dyn Reader, details: PayDetails) -> Result<Outcome, Failure> {
    writeln!(io::stderr(), "{}", Trouble::Unfinished(details))?;
    let until = Instant::now() + CARDS_WAIT;
    loop {
        let are_there = payer.is_card_present() == Ok(true) && payee.is_card_present() == Ok(true);
        match settle(payer, payee, &details) {
            Ok(Fate::Paid) => return Ok(Outcome { details, was_begun_before: false }),
            Ok(Fate::NotPaid) => return Err(Failure::findings("nothing was paid; it can be tried again")),
            Err(Trouble::Card(..)) if !are_there && Instant::now() < until => thread::sleep(POLL),
            Err(trouble) => return Err(trouble.into()),
        }
    }
}

fn meet(card: &str, side: Side, terms: &TermsOptions, mut meeting: Meeting) -> Result<(), Failure> {
    let wanted = terms.terms()?;
    let mut reader = held_card(card)?;
    meeting.begin(side, terms.json)?;
    let outcome = over(&mut meeting, &mut *reader, side, wanted, today()?)?;
    tell(&outcome, side, terms.json)
}

fn tell(outcome: &Outcome, side: Side, json: bool) -> Result<(), Failure> {
    let details = &outcome.details;
    let mut out = io::stdout().lock();
    if json {
        let mut told = described(&Entry { side, details: *details });
        told["was_begun_before"] = outcome.was_begun_before.into();
        return Ok(writeln!(out, "{told}")?);
    }
    let what = written(details.amount, details.currency);
    let done = if side == Side::From { "paid" } else { "received" };
    if outcome.was_begun_before {
        writeln!(
            out,
            "{done} {what}: a payment of these two cards that had not come to its end; nothing new was begun"
        )?;
    } else {
        writeln!(out, "{done} {what}")?;
    }
    Ok(())
}

fn described(entry: &Entry) -> Value {
    let details = &entry.details;
    json!({
        "side": if entry.side == Side::From { "payer" } else { "payee" },
        "payer": hex(&details.from.0),
        "payer_sequence": details.from_sequence.0,
        "payee": hex(&details.to.0),
        "payee_sequence": details.to_sequence.0,
        "amount": details.amount.units(),
        "currency": hex(&details.currency.0),
        "series": hex(&details.series.0),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

const fn status_name(status: Status) -> &'static str {
    match status {
        Status::EaFrom | Status::EaTo => "idle",
        Status::Epr => "started to pay",
        Status::Epv => "waits for value",
        Status::Epa => "has paid and waits for the receipt",
    }
}

fn show(card: &str, json: bool) -> Result<(), Failure> {
    let mut reader = held_card(card)?;
    let mut purse = HeldPurse::select(&mut *reader)?;
    let (identity, pockets) = (purse.identify()?, purse.pockets()?);
    let (exceptions, transfers) = (purse.exceptions()?, purse.transfers()?);
    let mut out = io::stdout().lock();
    if json {
        let pocket = |found: &purse_to_purse::Found| {
            json!({
                "currency": hex(&found.currency.0),
                "series": hex(&found.series.0),
                "balance": found.balance.units(),
            })
        };
        let told = json!({
            "purse": hex(&identity.purse.0),
            "status": status_name(identity.status),
            "is_locked": identity.is_locked,
            "tries": identity.tries,
            "next_sequence": identity.next_sequence.0,
            "issuer_number": identity.issuer_number.0,
            "pockets": pockets.iter().map(pocket).collect::<Vec<_>>(),
            "exceptions": exceptions.iter().map(described).collect::<Vec<_>>(),
            "transfers": transfers.iter().map(described).collect::<Vec<_>>(),
        });
        return Ok(writeln!(out, "{told}")?);
    }
    writeln!(out, "purse       {}", hex(&identity.purse.0))?;
    writeln!(out, "status      {}", status_name(identity.status))?;
    writeln!(out, "lock        {}", if identity.is_locked { "locked" } else { "open" })?;
    for pocket in pockets {
        let held = written(pocket.balance, pocket.currency);
        writeln!(out, "pocket      {held}, series {}", hex(&pocket.series.0))?;
    }
    for (name, entries) in [("exception", exceptions), ("transfer", transfers)] {
        for Entry { side, details } in entries {
            let what = written(details.amount, details.currency);
            let (word, other) = if side == Side::From { ("to", details.to) } else { ("from", details.from) };
            writeln!(out, "{name:<11} {what} {word} {}", hex(&other.0))?;
        }
    }
    Ok(())
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        let message = trouble.to_string();
        match trouble {
            Trouble::Card(_, card_reader::exchange::ExchangeError::Unanswered(_))
            | Trouble::Carrier(_)
            | Trouble::Unfinished(_) => Self::unavailable(message),
            _ => Self::findings(message),
        }
    }
}

/// Reads a file with one line, such as a key.
fn line_of(file: &PathBuf) -> Result<String, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::io(format!("failed to read {}: {error}", file.display())))?;
    Ok(text.trim().to_owned())
}
