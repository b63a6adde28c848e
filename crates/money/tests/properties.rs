//! Laws of money over random amounts, and the texts that attackers send.

use money::{Amount, Currency, Delta, MAX_MINOR, MoneyError, Ratio, Rounding};
use proptest::prelude::*;

fn currency() -> impl Strategy<Value = Currency> {
    let all: Vec<Currency> = Currency::all().collect();
    proptest::sample::select(all)
}

fn minor() -> impl Strategy<Value = u64> {
    prop_oneof![0..=MAX_MINOR, 0..1_000_u64, MAX_MINOR - 1_000..=MAX_MINOR]
}

fn amount() -> impl Strategy<Value = Amount> {
    (minor(), currency()).prop_map(|(minor, currency)| Amount::from_minor(minor, currency).expect("in range"))
}

fn rounding() -> impl Strategy<Value = Rounding> {
    proptest::sample::select(vec![Rounding::Down, Rounding::Up, Rounding::HalfUp, Rounding::HalfEven])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_displayed_can_be_read_back(amount in amount()) {
        let text = amount.decimal().to_string();
        prop_assert_eq!(Amount::parse(&text, amount.currency()), Ok(amount));
    }

    #[test]
    fn parts_sum_to_the_whole_and_differ_by_at_most_one(amount in amount(), parts in 1..500_u32) {
        let shares: Vec<u64> = amount.split(parts).expect("some parts").map(Amount::minor).collect();
        prop_assert_eq!(shares.len(), usize::try_from(parts).expect("few parts"));
        prop_assert_eq!(shares.iter().sum::<u64>(), amount.minor());
        let (greatest, least) = (shares[0], shares[shares.len() - 1]);
        prop_assert!(greatest - least <= 1);
        prop_assert!(shares.windows(2).all(|pair| pair[0] >= pair[1]), "the greater come first");
    }

    #[test]
    fn a_part_lies_within_one_minor_unit_of_the_exact_part(
        amount in amount(),
        numerator in any::<u32>(),
        denominator in 1..=u32::MAX,
        rounding in rounding(),
    ) {
        let ratio = Ratio::new(numerator, denominator, rounding).expect("not zero");
        let product = u128::from(amount.minor()) * u128::from(numerator);
        let (down, rest) = (product / u128::from(denominator), product % u128::from(denominator));
        match amount.part(ratio) {
            Ok(part) => {
                let part = u128::from(part.minor());
                prop_assert!(part == down || (rest > 0 && part == down + 1), "{part} is not near {down}");
                match rounding {
                    Rounding::Down => prop_assert_eq!(part, down),
                    Rounding::Up => prop_assert_eq!(part, down + u128::from(rest > 0)),
                    Rounding::HalfUp | Rounding::HalfEven if 2 * rest < u128::from(denominator) => {
                        prop_assert_eq!(part, down);
                    }
                    Rounding::HalfUp | Rounding::HalfEven if 2 * rest > u128::from(denominator) => {
                        prop_assert_eq!(part, down + 1);
                    }
                    Rounding::HalfUp => prop_assert_eq!(part, down + 1),
                    Rounding::HalfEven => prop_assert_eq!(part % 2, 0),
                }
            }
            Err(error) => {
                prop_assert_eq!(error, MoneyError::OutOfRange);
                prop_assert!(down >= u128::from(MAX_MINOR), "{down} would have fitted");
            }
        }
    }

    #[test]
    fn a_ratio_of_at_most_one_never_makes_more(amount in amount(), denominator in 1..=u32::MAX, rounding in rounding()) {
        let numerator = denominator / 3;
        let part = amount.part(Ratio::new(numerator, denominator, rounding).expect("not zero")).expect("fits");
        prop_assert!(part.minor() <= amount.minor());
    }

    #[test]
    fn sums_and_differences_are_exact_or_refused(left in minor(), right in minor(), currency in currency()) {
        let amount = |minor| Amount::from_minor(minor, currency).expect("in range");
        let sum = left + right;
        let expected = if sum <= MAX_MINOR { Ok(amount(sum)) } else { Err(MoneyError::OutOfRange) };
        prop_assert_eq!(amount(left).checked_add(amount(right)), expected);
        let expected = left.checked_sub(right).map(amount).ok_or(MoneyError::OutOfRange);
        prop_assert_eq!(amount(left).checked_sub(amount(right)), expected);
    }

    #[test]
    fn a_product_never_wraps(amount in amount(), factor in any::<u64>()) {
        let exact = u128::from(amount.minor()) * u128::from(factor);
        match amount.checked_mul(factor) {
            Ok(product) => prop_assert_eq!(u128::from(product.minor()), exact),
            Err(error) => {
                prop_assert_eq!(error, MoneyError::OutOfRange);
                prop_assert!(exact > u128::from(MAX_MINOR));
            }
        }
    }

    #[test]
    fn two_currencies_never_meet(left in amount(), right in amount()) {
        prop_assume!(left.currency() != right.currency());
        let mismatch = Err(MoneyError::CurrencyMismatch(left.currency(), right.currency()));
        prop_assert_eq!(left.checked_add(right), mismatch);
        prop_assert_eq!(left.checked_sub(right), mismatch);
        prop_assert_eq!(left.partial_cmp(&right), None);
    }

    #[test]
    fn a_delta_turned_round_twice_is_itself(amount in amount()) {
        let delta = amount.to_delta();
        prop_assert_eq!(delta.negated().negated(), delta);
        prop_assert_eq!(delta.negated().magnitude(), amount);
        prop_assert_eq!(delta.checked_add(delta.negated()), Delta::from_minor(0, amount.currency()));
    }

    #[test]
    fn no_text_makes_the_reader_panic_or_lie(text in "\\PC*", currency in currency()) {
        if let Ok(amount) = Amount::parse(&text, currency) {
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
            prop_assert!(amount.minor() <= MAX_MINOR);
        }
    }

    #[test]
    fn digits_are_read_exactly(units in 0..=9_999_999_999_999_999_u64, cents in 0..100_u64) {
        let text = format!("{units}.{cents:02}");
        let expected = Amount::from_minor(units * 100 + cents, Currency::CNY);
        prop_assert_eq!(Amount::parse(&text, Currency::CNY), expected);
    }
}

#[test]
fn hostile_texts_are_refused() {
    let hostile = [
        "",
        " ",
        "-1",
        "-0",
        "+1",
        "1e3",
        "1E3",
        "0x10",
        "NaN",
        "inf",
        "Infinity",
        "1,000",
        "1 000",
        " 1",
        "1 ",
        "1\n",
        "\t1",
        "01",
        "00",
        "000.10",
        ".5",
        "5.",
        ".",
        "1..2",
        "1.2.3",
        "1_000",
        "1'000",
        "٣",
        "１２",
        "五",
        "½",
        "1\u{200b}",
        "\u{feff}1",
        "−1",
        "1.-5",
        "1.+5",
        "--1",
        "null",
        "true",
        "[]",
        "1/2",
        "$1",
        "¥1",
        "1元",
    ];
    for text in hostile {
        assert_eq!(Amount::parse(text, Currency::CNY), Err(MoneyError::NotANumber), "{text:?}");
    }
}

#[test]
fn numbers_beyond_the_bound_are_refused() {
    let beyond = [
        "10000000000000000",                       // 10^16 yuan are 10^18 fen
        "9223372036854775807",                     // 2^63 − 1
        "9223372036854775808",                     // 2^63
        "18446744073709551615",                    // 2^64 − 1
        "18446744073709551616",                    // 2^64
        "340282366920938463463374607431768211456", // 2^128
        "99999999999999999999999999999999999999999999",
    ];
    for text in beyond {
        assert_eq!(Amount::parse(text, Currency::CNY), Err(MoneyError::OutOfRange), "{text}");
    }
    let greatest = Amount::parse("9999999999999999.99", Currency::CNY);
    assert_eq!(greatest.map(Amount::minor), Ok(MAX_MINOR));
}

#[test]
fn decimals_are_those_of_the_currency() {
    let read = |text, currency| Amount::parse(text, currency).map(Amount::minor);
    assert_eq!(read("1.5", Currency::JPY), Err(MoneyError::TooManyDecimals));
    assert_eq!(read("1.50", Currency::CNY), Ok(150));
    assert_eq!(read("1.505", Currency::CNY), Err(MoneyError::TooManyDecimals));
    assert_eq!(read("1.505", Currency::KWD), Ok(1_505));
    assert_eq!(read("1.5050", Currency::CLF), Ok(15_050));
    assert_eq!(read("0", Currency::CNY), Ok(0));
    assert_eq!(read("0.00", Currency::CNY), Ok(0));
}

#[test]
fn a_split_into_no_parts_and_a_ratio_over_nothing_are_refused() {
    let amount = Amount::from_minor(100, Currency::CNY).expect("in range");
    assert_eq!(amount.split(0).map(Iterator::count), Err(MoneyError::DivisionByZero));
    assert_eq!(Ratio::new(1, 0, Rounding::Up), Err(MoneyError::DivisionByZero));
}

#[test]
fn two_halves_of_the_range_do_not_wrap() {
    let half = Amount::from_minor(1 << 59, Currency::CNY).expect("in range");
    assert_eq!(half.checked_add(half), Err(MoneyError::OutOfRange));
    assert_eq!(Amount::from_minor(1 << 63, Currency::CNY), Err(MoneyError::OutOfRange));
    assert_eq!(Amount::from_minor(u64::MAX, Currency::CNY), Err(MoneyError::OutOfRange));
    assert_eq!(Delta::from_minor(i64::MIN, Currency::CNY), Err(MoneyError::OutOfRange));
}
