//! Exact amounts, as limits count them.

use std::fmt;
use std::str::FromStr;

use lastlook_canon::Json;

/// The most decimals an amount has.
const DECIMALS: usize = 18;

/// Units in one whole.
const WHOLE: u128 = 1_000_000_000_000_000_000;

/// An exact non-negative decimal, in units of 10^-18.
///
/// The greatest one is 340282366920938463463.374607431768211455. Nothing here rounds: what does not fit is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(u128);

/// Why a value is no amount. It never holds the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum AmountError {
    /// It has a minus sign.
    #[error("it is negative")]
    Negative,
    /// It is a JSON number with a fraction or an exponent, which programs round.
    #[error("it is a number with a fraction or an exponent: write a whole number, or decimals as text")]
    Fraction,
    /// It is neither a number nor text that is one.
    #[error("it is not a whole number or a plain decimal text such as \"12.50\"")]
    NotANumber,
    /// It is finer than 10^-18.
    #[error("it has more than 18 decimals")]
    TooManyDecimals,
    /// It is more than an amount can hold.
    #[error("it is too large")]
    TooLarge,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);
    /// The greatest amount.
    pub const MAX: Amount = Amount(u128::MAX);

    /// Reads an argument: a JSON integer written as one, or text that is a plain decimal (`[0-9]+(\.[0-9]+)?`).
    ///
    /// # Errors
    ///
    /// Anything else. A number with a fraction is not taken, not even `1.0`: whoever reads it next may see another value.
    pub fn of(value: &Json) -> Result<Amount, AmountError> {
        match value {
            Json::Number(number) if number.as_str().starts_with('-') => Err(AmountError::Negative),
            Json::Number(number) if !number.is_integer_text() => Err(AmountError::Fraction),
            Json::Number(number) => number.as_str().parse(),
            Json::String(text) => text.parse(),
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => Err(AmountError::NotANumber),
        }
    }

    /// A number of things.
    pub const fn of_count(count: u64) -> Amount {
        // A u64 is less than 2^64 and a whole less than 2^60, so that the product is less than 2^124.
        Amount(count as u128 * WHOLE)
    }

    /// The amount of that many units of 10^-18.
    pub const fn from_units(units: u128) -> Amount {
        Amount(units)
    }

    /// In units of 10^-18.
    pub const fn units(self) -> u128 {
        self.0
    }

    /// The sum; `None` when it is too large.
    pub fn checked_add(self, other: Amount) -> Option<Amount> {
        self.0.checked_add(other.0).map(Amount)
    }

    /// The difference; `None` when `other` is more.
    pub fn checked_sub(self, other: Amount) -> Option<Amount> {
        self.0.checked_sub(other.0).map(Amount)
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Amount, AmountError> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        if whole.starts_with('-') && is_digits(whole.trim_start_matches('-')) && is_digits(decimals) {
            return Err(AmountError::Negative);
        }
        if !is_digits(whole) || !is_digits(decimals) {
            return Err(AmountError::NotANumber);
        }
        if decimals.len() > DECIMALS {
            return Err(AmountError::TooManyDecimals);
        }
        let whole = digits(whole)?.checked_mul(WHOLE).ok_or(AmountError::TooLarge)?;
        let below = digits(&format!("{decimals:0<DECIMALS$}"))?;
        whole.checked_add(below).map(Amount).ok_or(AmountError::TooLarge)
    }
}

/// The shortest text that reads back as the same amount.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, below) = (self.0 / WHOLE, self.0 % WHOLE);
        if below == 0 {
            return f.pad(&whole.to_string());
        }
        let below = format!("{below:0DECIMALS$}");
        f.pad(&format!("{whole}.{}", below.trim_end_matches('0')))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn digits(text: &str) -> Result<u128, AmountError> {
    text.bytes()
        .try_fold(0_u128, |sum, byte| {
            let digit = u128::from(byte.wrapping_sub(b'0'));
            sum.checked_mul(10)?.checked_add(digit)
        })
        .ok_or(AmountError::TooLarge)
}

#[cfg(test)]
mod tests;
