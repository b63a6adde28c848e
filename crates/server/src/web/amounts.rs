//! Amounts as people type them.

use money::{Amount, Currency, MoneyError};
use operations::balances::{self, WalletBalance};
use pages::form::{Problem, Trouble};
use records::wallets::WalletStatus;
use wallet::ids::HolderId;

use super::stop::Stop;
use super::visit::Visit;

/// The amount, or what is wrong with the fields `amount` and `currency`.
pub(super) fn typed(amount: &str, currency: &str) -> Result<Amount, Problem> {
    let wrong = |field, trouble| Problem { field, trouble };
    let currency = Currency::from_code(currency).map_err(|_| wrong("currency", Trouble::Refused))?;
    let text = amount.trim();
    if text.is_empty() {
        return Err(wrong("amount", Trouble::Missing));
    }
    let parsed = Amount::parse(text, currency).map_err(|error| match error {
        MoneyError::TooManyDecimals => Trouble::TooManyDecimals(currency.decimals()),
        MoneyError::OutOfRange => Trouble::TooLarge,
        _ => Trouble::NotANumber,
    });
    match parsed {
        Ok(amount) if amount.is_zero() => Err(wrong("amount", Trouble::Zero)),
        Ok(amount) => Ok(amount),
        Err(trouble) => Err(wrong("amount", trouble)),
    }
}

/// The holder's open wallets.
pub(super) async fn wallets(visit: &Visit, holder: HolderId) -> Result<Vec<WalletBalance>, Stop> {
    let mut wallets = visit.need(balances::of_holder(visit.app.operations(), holder).await)?;
    wallets.retain(|wallet| wallet.status != WalletStatus::Closed);
    Ok(wallets)
}

/// What the holder can spend, per wallet.
pub(super) async fn available(visit: &Visit, holder: HolderId) -> Result<Vec<Amount>, Stop> {
    Ok(wallets(visit, holder).await?.iter().map(|wallet| wallet.balance.available).collect())
}

/// What is left of the wallet after the amount, or that it holds too little.
pub(super) fn left_after(available: &[Amount], amount: Amount) -> Result<Amount, Problem> {
    let held = available.iter().find(|held| held.currency() == amount.currency());
    let held = held.ok_or(Problem { field: "currency", trouble: Trouble::Refused })?;
    let short = Problem { field: "amount", trouble: Trouble::InsufficientFunds(Some(*held)) };
    held.checked_sub(amount).map_err(|_| short)
}

/// The code of the first wallet's currency, for a form not filled in yet.
pub(super) fn first_currency(available: &[Amount]) -> String {
    available.first().map(|held| held.currency().code().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_amount_is_told_beside_its_field() {
        let trouble = |text| typed(text, "CNY").map_err(|problem| problem.trouble);
        assert_eq!(trouble(" 8.50 ").map(Amount::minor), Ok(850));
        assert_eq!(trouble(""), Err(Trouble::Missing));
        assert_eq!(trouble("0.00"), Err(Trouble::Zero));
        assert_eq!(trouble("1.005"), Err(Trouble::TooManyDecimals(2)));
        assert_eq!(trouble("9223372036854775808"), Err(Trouble::TooLarge));
        for odd in ["-5", "+5", "1e3", "１", "1,000", "five", "0x10"] {
            assert_eq!(trouble(odd), Err(Trouble::NotANumber), "{odd}");
        }
        assert_eq!(typed("1", "XYZ"), Err(Problem { field: "currency", trouble: Trouble::Refused }));
    }

    #[test]
    fn more_than_the_wallet_holds_is_told_with_what_it_holds() {
        let cny = |minor| Amount::from_minor(minor, Currency::CNY).unwrap();
        assert_eq!(left_after(&[cny(1_000)], cny(850)), Ok(cny(150)));
        let short = Problem { field: "amount", trouble: Trouble::InsufficientFunds(Some(cny(800))) };
        assert_eq!(left_after(&[cny(800)], cny(850)), Err(short));
        assert!(left_after(&[], cny(1)).is_err());
    }
}
