//! Money as people read it: symbol, grouping, minor units of the currency, tabular digits, and words for who listens.

use maud::{Markup, html};
use money::{Amount, Currency, Delta};

use crate::frame::Frame;
use crate::locale::Locale;

/// The sign before the digits. Dollar and yen signs say whose they are, because several currencies share them.
fn symbol(currency: Currency) -> Option<&'static str> {
    match currency.code() {
        "CNY" => Some("¥"),
        "EUR" => Some("€"),
        "GBP" => Some("£"),
        "HKD" => Some("HK$"),
        "JPY" => Some("JP¥"),
        "KRW" => Some("₩"),
        "USD" => Some("US$"),
        _ => None,
    }
}

fn grouped(decimal: &str) -> String {
    let (whole, fraction) = decimal.split_once('.').map_or((decimal, None), |(w, f)| (w, Some(f)));
    let mut out = String::with_capacity(decimal.len().saturating_mul(2));
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len().saturating_sub(index);
        if index > 0 && left.is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// The amount with the sign of its currency: `¥1,234.50`, `KWD 1.250`.
#[must_use]
pub fn text(amount: Amount) -> String {
    let digits = grouped(&amount.decimal().to_string());
    match symbol(amount.currency()) {
        Some(symbol) => format!("{symbol}{digits}"),
        None => format!("{}\u{a0}{digits}", amount.currency().code()),
    }
}

/// The delta with its sign: `+¥8.50`, `−¥8.50` (U+2212). Nothing has no sign.
#[must_use]
pub fn signed_text(delta: Delta) -> String {
    let sign = match delta.minor() {
        0 => "",
        minor if minor < 0 => "\u{2212}",
        _ => "+",
    };
    format!("{sign}{}", text(delta.magnitude()))
}

/// The name of the currency in the reader's language; the name of ISO 4217 where the catalogue has none.
#[must_use]
pub fn currency_name(locale: Locale, currency: Currency) -> &'static str {
    locale.find(&format!("currency-{}", currency.code())).unwrap_or_else(|| currency.name())
}

fn words(frame: &Frame, amount: Amount) -> String {
    let digits = grouped(&amount.decimal().to_string());
    let name = currency_name(frame.locale, amount.currency());
    frame.fill("money-words", &[("digits", &digits), ("currency", name)])
}

fn spoken(shown: &str, said: &str, class: &str) -> Markup {
    html! {
        span class=(class) {
            span aria-hidden="true" { (shown) }
            span.visually-hidden { (said) }
        }
    }
}

/// An amount: what somebody has, or what something costs.
pub(crate) fn amount(frame: &Frame, amount: Amount) -> Markup {
    spoken(&text(amount), &words(frame, amount), "money")
}

/// A movement: sign, colour and words say whether it came or went.
pub(crate) fn movement(frame: &Frame, delta: Delta) -> Markup {
    let said = words(frame, delta.magnitude());
    let (class, said) = match delta.minor() {
        0 => ("money", said),
        minor if minor < 0 => ("money money-out", frame.fill("money-out", &[("amount", &said)])),
        _ => ("money money-in", frame.fill("money-in", &[("amount", &said)])),
    };
    spoken(&signed_text(delta), &said, class)
}

/// A count with grouped digits.
#[must_use]
pub fn count(number: u64) -> String {
    grouped(&number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cny(minor: u64) -> Amount {
        Amount::from_minor(minor, Currency::CNY).unwrap()
    }

    #[test]
    fn digits_are_grouped_by_thousands() {
        assert_eq!(text(cny(0)), "¥0.00");
        assert_eq!(text(cny(850)), "¥8.50");
        assert_eq!(text(cny(99_999)), "¥999.99");
        assert_eq!(text(cny(100_000)), "¥1,000.00");
        assert_eq!(text(cny(48_291_000)), "¥482,910.00");
        assert_eq!(text(cny(money::MAX_MINOR)), "¥9,999,999,999,999,999.99");
    }

    #[test]
    fn minor_units_are_those_of_the_currency() {
        let of = |minor, code| text(Amount::from_minor(minor, Currency::from_code(code).unwrap()).unwrap());
        assert_eq!(of(1_200, "JPY"), "JP¥1,200");
        assert_eq!(of(1_250, "KWD"), "KWD\u{a0}1.250");
        assert_eq!(of(12_345, "CLF"), "CLF\u{a0}1.2345");
        assert_eq!(of(5, "USD"), "US$0.05");
    }

    #[test]
    fn a_movement_says_its_direction_with_a_sign() {
        let delta = |minor| signed_text(Delta::from_minor(minor, Currency::CNY).unwrap());
        assert_eq!(delta(850), "+¥8.50");
        assert_eq!(delta(-850), "\u{2212}¥8.50");
        assert_eq!(delta(0), "¥0.00");
    }

    #[test]
    fn currencies_are_named_in_both_languages() {
        assert_eq!(currency_name(Locale::ZhCn, Currency::CNY), "人民币元");
        assert_eq!(currency_name(Locale::En, Currency::CNY), "yuan");
        assert_eq!(currency_name(Locale::ZhCn, Currency::CLF), "Unidad de Fomento");
    }
}
