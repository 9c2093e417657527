use lastlook_canon::{Limits, parse};
use proptest::prelude::*;

use super::*;

fn of(json: &str) -> Result<Amount, AmountError> {
    Amount::of(&parse(json.as_bytes(), &Limits::default()).unwrap())
}

fn check(json: &str, expect: Result<&str, AmountError>) {
    assert_eq!(of(json).map(|amount| amount.to_string()), expect.map(str::to_owned), "{json}");
}

#[test]
fn whole_numbers_and_plain_decimal_texts_are_amounts() {
    check("0", Ok("0"));
    check("42", Ok("42"));
    check("18014398509481985", Ok("18014398509481985"));
    check(r#""12.50""#, Ok("12.5"));
    check(r#""0.000000000000000001""#, Ok("0.000000000000000001"));
    check(r#""007.10""#, Ok("7.1"));
    check(r#""0.0""#, Ok("0"));
    check(r#""1""#, Ok("1"));
    check("340282366920938463463", Ok("340282366920938463463"));
    check(r#""340282366920938463463.374607431768211455""#, Ok("340282366920938463463.374607431768211455"));
}

#[test]
fn numbers_that_programs_round_are_none() {
    for json in ["1.0", "0.5", "1e2", "1E2", "1.5e1", "1e-2", "0e0"] {
        check(json, Err(AmountError::Fraction));
    }
}

#[test]
fn nothing_below_zero_is_an_amount() {
    for json in ["-1", "-0", "-0.5", "-1e2", r#""-1""#, r#""-0.50""#, r#""-0""#] {
        check(json, Err(AmountError::Negative));
    }
}

#[test]
fn other_texts_and_types_are_none() {
    for json in [
        r#""""#,
        r#"".5""#,
        r#""5.""#,
        r#"".""#,
        r#""1.2.3""#,
        r#""+1""#,
        r#"" 1""#,
        r#""1 ""#,
        r#""1_000""#,
        r#""1,000""#,
        r#""1e2""#,
        r#""0x10""#,
        r#""NaN""#,
        r#""Infinity""#,
        r#""١""#,
        r#""１""#,
        r#""1.５""#,
        r#""1\u0000""#,
        r#""−1""#,
        r#""-""#,
        r#""-x""#,
        r#""€5""#,
        "null",
        "true",
        "[]",
        "[1]",
        "{}",
        r#"{"amount":1}"#,
    ] {
        check(json, Err(AmountError::NotANumber));
    }
}

#[test]
fn what_does_not_fit_is_an_error_and_never_rounded() {
    check(r#""0.0000000000000000001""#, Err(AmountError::TooManyDecimals));
    check(r#""1.0000000000000000000""#, Err(AmountError::TooManyDecimals));
    check("340282366920938463464", Err(AmountError::TooLarge));
    check(r#""340282366920938463463.374607431768211456""#, Err(AmountError::TooLarge));
    check(&format!("1{}", "0".repeat(400)), Err(AmountError::TooLarge));
    check(&format!(r#""{}""#, "9".repeat(400)), Err(AmountError::TooLarge));
    check(&format!(r#""{}1""#, "0".repeat(400)), Ok("1"));
}

#[test]
fn sums_and_differences_that_do_not_fit_are_none() {
    let one = Amount::of_count(1);
    assert_eq!(Amount::MAX.checked_add(Amount::from_units(1)), None);
    assert_eq!(Amount::ZERO.checked_sub(Amount::from_units(1)), None);
    assert_eq!(one.checked_sub(one), Some(Amount::ZERO));
    assert_eq!(Amount::of_count(u64::MAX).to_string(), u64::MAX.to_string());
    assert_eq!(one.units(), 1_000_000_000_000_000_000);
}

/// Decimals by hand, digit for digit: 30 digits before the point, 18 after it.
mod oracle {
    use std::cmp::Ordering;

    pub fn padded(text: &str) -> Vec<u8> {
        let (whole, below) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole:0>30}{below:0<18}").bytes().map(|byte| byte - b'0').collect()
    }

    pub fn compare(left: &str, right: &str) -> Ordering {
        padded(left).cmp(&padded(right))
    }

    pub fn add(left: &str, right: &str) -> Vec<u8> {
        let (left, right) = (padded(left), padded(right));
        let (mut sum, mut carry) = (vec![0; left.len()], 0);
        for at in (0..left.len()).rev() {
            let digit = left[at] + right[at] + carry;
            (sum[at], carry) = (digit % 10, digit / 10);
        }
        sum
    }
}

/// Near each other and far apart, with all numbers of decimals.
fn decimal() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9]{1,20}(\\.[0-9]{1,18})?", "[0-3](\\.[0-9]{1,2})?", "0{0,3}[1-2]\\.0{0,17}[0-1]"]
}

proptest! {
    #[test]
    fn order_and_addition_are_those_of_decimals(left in decimal(), right in decimal()) {
        let (a, b): (Amount, Amount) = (left.parse().unwrap(), right.parse().unwrap());
        prop_assert_eq!(a.cmp(&b), oracle::compare(&left, &right));
        let sum = a.checked_add(b).unwrap();
        prop_assert_eq!(oracle::padded(&sum.to_string()), oracle::add(&left, &right));
        prop_assert_eq!(sum.checked_sub(b), Some(a));
        prop_assert_eq!(a.checked_sub(b).is_some(), a >= b);
    }

    #[test]
    fn what_is_shown_reads_back_and_is_shortest(units in any::<u128>()) {
        let amount = Amount::from_units(units);
        let shown = amount.to_string();
        prop_assert_eq!(shown.parse(), Ok(amount));
        prop_assert!(!shown.contains('.') || !shown.ends_with('0'), "{}", shown);
    }

    #[test]
    fn no_text_makes_it_panic_and_only_decimals_are_taken(text in "[-+.0-9eE ٣]{0,24}|\\PC{0,12}") {
        let plain = {
            let (whole, below) = text.split_once('.').unwrap_or((&text, "0"));
            let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
            digits(whole) && digits(below)
        };
        match text.parse::<Amount>() {
            Ok(_) => prop_assert!(plain),
            Err(AmountError::TooLarge | AmountError::TooManyDecimals) => prop_assert!(plain),
            Err(_) => prop_assert!(!plain),
        }
    }
}
