//! The rules that a purse keeps, by name, so that tests can break one at a time and see that it is noticed.
//! In the shipping build nothing can be broken and nothing is stored.

/// A rule of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Rule {
    /// A start uses the purse's own next sequence.
    FreshSequence,
    /// A start uses its sequence up.
    SequenceGrows,
    /// A purse starts transfers with itself on the right side only.
    OwnSide,
    /// Payer and payee are two.
    TwoPurses,
    /// A counterpart's certificates lead to the scheme.
    CertifiedCounterpart,
    /// The counterpart is the one that was certified.
    NamedCounterpart,
    /// A payer has what it pays.
    Funds,
    /// Limits of the pocket.
    Limits,
    /// Value of a series that is switched off stays.
    SeriesIsOn,
    /// A locked purse pays nobody.
    Unlocked,
    /// A start needs room in the exception log.
    LogSpace,
    /// A message speaks of the transfer that was started.
    SameDetails,
    /// A message is signed by the counterpart.
    SignedByCounterpart,
    /// A debit is in memory before val leaves.
    DebitBeforeVal,
    /// A debit happens once.
    DebitOnce,
    /// A credit happens once.
    CreditOnce,
    /// A step changes memory once.
    OneCommit,
    /// An abort in epa is logged.
    PayerLogs,
    /// An abort in epv is logged.
    PayeeLogs,
    /// An abort forgets the transfer.
    AbortForgets,
    /// The issuer signs for the entries that are logged.
    CodeNamesEntries,
    /// What the issuer signed works once.
    AuthorityOnce,
    /// A try is counted before the comparison.
    TryFirst,
    /// The day does not go back behind what the issuer said.
    DayGoesOn,
    /// New certificates are the scheme's, the issuer's, and for the purse itself.
    CertifiedRenewal,
    /// New certificates are good for longer.
    LaterRenewal,
}

/// Keeps all rules.
#[cfg(not(test))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Rules;

#[cfg(not(test))]
impl Rules {
    /// Whether a condition holds that a rule demands.
    #[expect(clippy::unused_self, reason = "in tests a rule can be broken")]
    pub(super) const fn keeps(self, _rule: Rule, holds: bool) -> bool {
        holds
    }
}

/// Keeps all rules but one.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Rules {
    pub(super) broken: Option<Rule>,
}

#[cfg(test)]
impl Rules {
    /// All of them.
    pub(super) const KEPT: Self = Self { broken: None };

    /// Whether a condition holds that a rule demands, or the rule is broken.
    pub(super) fn keeps(self, rule: Rule, holds: bool) -> bool {
        holds || self.broken == Some(rule)
    }
}

impl Rules {
    /// Whether a rule is broken, which it is in tests only.
    pub(super) fn breaks(self, rule: Rule) -> bool {
        self.keeps(rule, false)
    }
}
