//! The embedded bank of a new installation, with cards to try it with.

use bank::{AccountNumber, Bank, Card, CardLimits, Expiry, Order, Pan};
use money::{Amount, Currency};
use operations::Entropy;
use operations::embedded_bank::{EmbeddedBank, EmbeddedBankError};
use operations::merchants::{self, NewBank};
use server::App;
use wallet::ids::{BankId, derive};

use super::report::{BankReport, CardReport};
use crate::exit::Failure;

const CODE: &str = "test-bank";
const NAME_ZH: &str = "测试银行";
const NAME_EN: &str = "Test Bank";
const CURRENCY: Currency = Currency::CNY;
/// What is behind each card, in minor units.
const BALANCE: u64 = 1_000_000;
/// The most in one charge, in minor units; the daily limit is all that is behind the card.
const PER_CHARGE: u64 = 500_000;
/// How long the cards are good.
const YEARS: u16 = 5;
/// The first digits of the cards' numbers.
const ISSUER_DIGITS: &str = "622299";
/// The names on the cards, which have the accounts 1, 2 and 3.
const HOLDER_NAMES: [&str; 3] = ["TEST ONE", "TEST TWO", "TEST THREE"];

/// Founds the bank and issues the cards, unless an interrupted run did, and tells about them.
///
/// # Errors
/// What could not be written.
pub(super) async fn found(app: &App) -> Result<BankReport, Failure> {
    let bank = app.embedded_bank().ok_or_else(|| Failure::software("this server has no embedded bank"))?;
    let id = BankId::new(derive("sycee test bank v1", &[CODE.as_bytes()]));
    let new = NewBank { id, code: CODE.to_owned(), name_zh: NAME_ZH.to_owned(), name_en: NAME_EN.to_owned() };
    let added = merchants::add_bank(app.operations(), new).await;
    added.map_err(|error| Failure::unavailable(error.to_string()))?;
    let entropy = &*app.operations().services().entropy;
    let mut token_key = [0; 32];
    entropy.fill(&mut token_key);
    bank.found(id, token_key).map_err(failed)?;
    let orders = missing_cards(&cards(bank, id), Expiry::month_of(app.now()), entropy)?;
    bank.orders(id, orders).map_err(failed)?;
    let cards = cards(bank, id);
    Ok(BankReport { id: id.to_string(), code: CODE, name_zh: NAME_ZH, name_en: NAME_EN, cards })
}

fn failed(error: EmbeddedBankError) -> Failure {
    Failure::io(error.to_string())
}

/// Orders for the accounts whose cards were not issued yet.
fn missing_cards(
    issued: &[CardReport],
    this_month: Expiry,
    entropy: &dyn Entropy,
) -> Result<Vec<Order>, Failure> {
    let expiry = Expiry { year: this_month.year + YEARS, ..this_month };
    let mut orders = Vec::new();
    for (number, holder_name) in (1..).zip(HOLDER_NAMES) {
        if issued.iter().all(|card| card.account != number) {
            orders.extend(orders_of(AccountNumber(number), holder_name, expiry, entropy)?);
        }
    }
    Ok(orders)
}

/// An account and its card, whose number nobody can guess: whoever knows it can take the money.
fn orders_of(
    account: AccountNumber,
    name: &str,
    expiry: Expiry,
    entropy: &dyn Entropy,
) -> Result<[Order; 2], Failure> {
    let mut random = [0; 8];
    entropy.fill(&mut random);
    let serial = u64::from_be_bytes(random) % 1_000_000_000;
    let pan = Pan::with_check_digit(&format!("{ISSUER_DIGITS}{serial:09}"));
    let pan = pan.map_err(|error| Failure::software(error.to_string()))?;
    let limits = CardLimits { per_charge: amount(PER_CHARGE)?, per_day: amount(BALANCE)? };
    Ok([
        Order::OpenAccount(account, amount(BALANCE)?),
        Order::IssueCard { pan, holder_name: name.to_owned(), expiry, account, limits },
    ])
}

fn amount(minor: u64) -> Result<Amount, Failure> {
    Amount::from_minor(minor, CURRENCY).map_err(|error| Failure::software(error.to_string()))
}

/// The cards that the bank has, by account.
fn cards(bank: &EmbeddedBank, id: BankId) -> Vec<CardReport> {
    let mut cards = bank.with_bank(id, told).unwrap_or_default();
    cards.sort_by_key(|card| card.account);
    cards
}

fn told(bank: &Bank) -> Vec<CardReport> {
    let tell = |(pan, card): (&Pan, &Card)| {
        let balance = bank.balance(card.account)?;
        Some(CardReport {
            account: card.account.0,
            number: pan.digits().to_owned(),
            expiry: card.expiry.to_string(),
            holder_name: card.holder_name.clone(),
            currency: balance.currency().code(),
            balance,
        })
    };
    bank.cards().filter_map(tell).collect()
}
