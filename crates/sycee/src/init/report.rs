//! What `sycee init` made, told once on standard output, with its secrets.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};

use money::Amount;
use operations::Entropy;
use operations::merchants::NewMerchant;
use serde::{Serialize, Serializer};

/// Letters and digits that nobody takes for another: 32, so that each stands for five bits.
const SYMBOLS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Symbols of a password: 120 bits.
const PASSWORD_SYMBOLS: usize = 24;
const GROUP: usize = 6;

/// How somebody logs in.
#[derive(Serialize)]
pub(super) struct Login {
    pub(super) login: String,
    pub(super) password: String,
}

impl Login {
    /// This login, in lower case, with a new password.
    pub(super) fn new(login: &str, entropy: &dyn Entropy) -> Self {
        Self { login: login.to_lowercase(), password: new_password(entropy) }
    }
}

// The password must not get into a log by `{:?}`.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("login", &self.login).finish_non_exhaustive()
    }
}

fn new_password(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; PASSWORD_SYMBOLS];
    entropy.fill(&mut bytes);
    let symbols = bytes.map(|byte| char::from(SYMBOLS[usize::from(byte % 32)]));
    let groups: Vec<String> = symbols.chunks(GROUP).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// Everything that was made.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) operator: Login,
    pub(super) merchant: MerchantReport,
    pub(super) bank: BankReport,
}

#[derive(Debug, Serialize)]
pub(super) struct MerchantReport {
    code: String,
    name_zh: String,
    name_en: String,
    owner: Login,
}

impl MerchantReport {
    pub(super) fn new(merchant: &NewMerchant, owner: Login) -> Self {
        Self {
            code: merchant.code.clone(),
            name_zh: merchant.name_zh.clone(),
            name_en: merchant.name_en.clone(),
            owner,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct BankReport {
    pub(super) id: String,
    pub(super) code: &'static str,
    pub(super) name_zh: &'static str,
    pub(super) name_en: &'static str,
    pub(super) cards: Vec<CardReport>,
}

#[derive(Serialize)]
pub(super) struct CardReport {
    #[serde(skip)]
    pub(super) account: u64,
    pub(super) number: String,
    /// `MM/YY`.
    pub(super) expiry: String,
    pub(super) holder_name: String,
    /// In JSON: minor units.
    #[serde(serialize_with = "minor_units")]
    pub(super) balance: Amount,
    pub(super) currency: &'static str,
}

fn minor_units<S: Serializer>(amount: &Amount, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(amount.minor())
}

// Whoever knows the number can take the money.
impl fmt::Debug for CardReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardReport").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Report {
    /// # Errors
    /// Where nobody could read it: then nothing of it may become valid.
    pub(super) fn print(&self, as_json: bool) -> io::Result<()> {
        let text = if as_json { serde_json::to_string(self)? } else { self.summary() };
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    fn summary(&self) -> String {
        let Self { operator, merchant, bank } = self;
        let mut text = String::from("Keep this: the passwords are told only now.\n\n");
        let mut person = |role: &str, login: &Login| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {role:<10}{:<20}{}", login.login, login.password);
        };
        person("operator", operator);
        person("merchant", &merchant.owner);
        let _ = writeln!(text, "            of {} {}\n", merchant.name_zh, merchant.name_en);
        let _ = writeln!(text, "Cards of {} {}, to try it with:\n", bank.name_zh, bank.name_en);
        for card in &bank.cards {
            let CardReport { number, expiry, holder_name, balance, .. } = card;
            let _ = writeln!(text, "  {number}  {expiry}  {holder_name:<12}{balance}");
        }
        text.push_str("\nNow run `sycee serve` with the same directory.");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that count up.
    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for (byte, value) in bytes.iter_mut().zip(0..) {
                *byte = value;
            }
        }
    }

    #[test]
    fn a_password_has_24_symbols_that_nobody_mistakes_and_is_not_in_debug_text() {
        let login = Login::new("Operator", &Counting);
        assert_eq!(login.login, "operator");
        assert_eq!(login.password, "abcdef-ghijkm-npqrst-uvwxyz");
        assert!(!format!("{login:?}").contains(&login.password));
        assert_eq!(SYMBOLS.iter().collect::<std::collections::BTreeSet<_>>().len(), 32);
    }
}
