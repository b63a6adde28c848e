use ledger::Timestamp;
use money::Amount;

use crate::{Condition, Recent};

/// What is attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A holder pays a merchant.
    Payment,
    /// A holder sends money to another.
    Transfer,
}

impl Kind {
    /// The word of texts and forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Transfer => "transfer",
        }
    }

    /// The kind with this [`Kind::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Payment, Self::Transfer].into_iter().find(|kind| kind.code() == code)
    }
}

/// What happens to an attempt, in order of severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It goes on as if no rule had applied: an exemption.
    Allow,
    /// The payer has to prove that it is really them.
    StepUp,
    /// It is reserved, and a person decides.
    Hold,
    /// It does not happen.
    Decline,
}

impl Outcome {
    /// All four, in order of severity.
    pub const ALL: [Self; 4] = [Self::Allow, Self::StepUp, Self::Hold, Self::Decline];

    /// The word of texts and forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::StepUp => "step_up",
            Self::Hold => "hold",
            Self::Decline => "decline",
        }
    }

    /// The outcome with this [`Outcome::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which.
    pub id: u128,
    /// What happens where all conditions hold.
    pub outcome: Outcome,
    /// All of them must hold; a rule without any never applies.
    pub conditions: Vec<Condition>,
}

impl Rule {
    fn applies(&self, attempt: &Attempt, recent: &Recent, familiar: Familiar) -> bool {
        !self.conditions.is_empty() && self.conditions.iter().all(|one| one.holds(attempt, recent, familiar))
    }
}

/// What somebody is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What.
    pub kind: Kind,
    /// How much.
    pub amount: Amount,
    /// When.
    pub at: Timestamp,
    /// The local time of day, in minutes since midnight.
    pub minute_of_day: u16,
}

/// What the payer has had to do with before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Familiar {
    /// The payee was paid before.
    pub payee: bool,
    /// The device was used before.
    pub device: bool,
    /// The network was used before.
    pub place: bool,
}

impl Familiar {
    /// Everything is.
    pub const ALL: Self = Self { payee: true, device: true, place: true };
    /// Nothing is.
    pub const NOTHING: Self = Self { payee: false, device: false, place: false };
}

/// What happens to an attempt, and because of which rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What happens.
    pub outcome: Outcome,
    /// The rules with that outcome that apply; none where no rule applies.
    pub rules: Vec<u128>,
    /// Whether the decision rests on what is familiar to the payer.
    pub rests_on_familiar: bool,
}

/// What these rules say about an attempt that is already among the recent ones.
///
/// A caller that does not know what is familiar asks with [`Familiar::NOTHING`] first: where the decision does not rest on
/// it, it is final.
#[must_use]
pub fn decide(rules: &[Rule], attempt: &Attempt, recent: &Recent, familiar: Familiar) -> Decision {
    let applying: Vec<&Rule> = rules.iter().filter(|rule| rule.applies(attempt, recent, familiar)).collect();
    let exempt = applying.iter().any(|rule| rule.outcome == Outcome::Allow);
    let severest = applying.iter().map(|rule| rule.outcome).max();
    let outcome = severest.filter(|_| !exempt).unwrap_or(Outcome::Allow);
    let asks = |rule: &&Rule| rule.conditions.iter().any(Condition::asks_what_is_familiar);
    Decision {
        outcome,
        rests_on_familiar: applying.iter().any(asks),
        rules: applying.iter().filter(|rule| rule.outcome == outcome).map(|rule| rule.id).collect(),
    }
}

#[cfg(test)]
mod tests {
    use ledger::NANOSECONDS_PER_SECOND;
    use money::Currency;
    use proptest::prelude::*;

    use super::*;
    use crate::{conditions_from_text, conditions_to_text};

    fn cny(minor: u64) -> Amount {
        Amount::from_minor(minor, Currency::CNY).unwrap()
    }

    fn at(second: u64) -> Timestamp {
        Timestamp((1_000_000 + second) * NANOSECONDS_PER_SECOND)
    }

    fn attempt(minor: u64, second: u64) -> Attempt {
        Attempt { kind: Kind::Payment, amount: cny(minor), at: at(second), minute_of_day: 30 }
    }

    fn rule(id: u128, outcome: Outcome, text: &str) -> Rule {
        Rule { id, outcome, conditions: conditions_from_text(text).unwrap() }
    }

    fn outcome(rules: &[Rule], minor: u64) -> Outcome {
        decide(rules, &attempt(minor, 0), &Recent::default(), Familiar::ALL).outcome
    }

    #[test]
    fn the_most_severe_rule_counts_unless_an_exemption_applies() {
        let mut rules = vec![
            rule(1, Outcome::StepUp, "amount 100 CNY"),
            rule(2, Outcome::Hold, "amount 1000 CNY"),
            rule(3, Outcome::Decline, "amount 10000 CNY"),
        ];
        assert_eq!(outcome(&rules, 99), Outcome::Allow);
        assert_eq!(outcome(&rules, 100), Outcome::StepUp);
        assert_eq!(outcome(&rules, 1_000), Outcome::Hold);
        assert_eq!(outcome(&rules, 10_000), Outcome::Decline);
        rules.push(rule(4, Outcome::Allow, "kind payment; amount 10000 CNY"));
        assert_eq!(outcome(&rules, 10_000), Outcome::Allow);
    }

    #[test]
    fn a_rule_without_conditions_never_applies() {
        assert_eq!(outcome(&[rule(1, Outcome::Decline, "")], 5), Outcome::Allow);
    }

    #[test]
    fn amounts_of_another_currency_do_not_count() {
        assert_eq!(outcome(&[rule(1, Outcome::Decline, "amount 1 EUR")], 500), Outcome::Allow);
    }

    #[test]
    fn velocity_counts_within_the_window_and_each_operation_once() {
        let rules = [rule(1, Outcome::Hold, "count 3 in 60")];
        let mut recent = Recent::default();
        for (operation, second) in [(1, 0), (2, 10), (2, 11)] {
            recent.note(operation, at(second), cny(5));
        }
        let now = attempt(5, 20);
        assert_eq!(decide(&rules, &now, &recent, Familiar::ALL).outcome, Outcome::Allow);
        recent.note(3, now.at, now.amount);
        assert_eq!(decide(&rules, &now, &recent, Familiar::ALL).outcome, Outcome::Hold);
        assert_eq!(decide(&rules, &attempt(5, 100), &recent, Familiar::ALL).outcome, Outcome::Allow);
    }

    #[test]
    fn sums_are_of_one_currency() {
        let rules = [rule(1, Outcome::Hold, "sum 1000 CNY in 3600")];
        let mut recent = Recent::default();
        recent.note(1, at(0), cny(600));
        recent.note(2, at(1), Amount::from_minor(600, Currency::EUR).unwrap());
        assert_eq!(decide(&rules, &attempt(1, 2), &recent, Familiar::ALL).outcome, Outcome::Allow);
        recent.note(3, at(2), cny(400));
        assert_eq!(decide(&rules, &attempt(400, 2), &recent, Familiar::ALL).outcome, Outcome::Hold);
    }

    #[test]
    fn a_decision_says_whether_it_rests_on_what_is_familiar() {
        let rules = [
            rule(1, Outcome::StepUp, "new-payee; amount 100 CNY"),
            rule(2, Outcome::Hold, "amount 1000 CNY"),
        ];
        let ask = |minor| decide(&rules, &attempt(minor, 0), &Recent::default(), Familiar::NOTHING);
        assert!(!ask(99).rests_on_familiar);
        assert!(ask(100).rests_on_familiar);
        let known = decide(&rules, &attempt(100, 0), &Recent::default(), Familiar::ALL);
        assert_eq!((known.outcome, known.rules), (Outcome::Allow, vec![]));
    }

    #[test]
    fn a_span_of_time_may_go_over_midnight() {
        let night = [rule(1, Outcome::Hold, "time 1380 to 360")];
        let ask = |minute_of_day| {
            let now = Attempt { minute_of_day, ..attempt(1, 0) };
            decide(&night, &now, &Recent::default(), Familiar::ALL).outcome
        };
        assert_eq!(
            [ask(1_379), ask(1_380), ask(0), ask(359), ask(360)].map(|outcome| outcome == Outcome::Hold),
            [false, true, true, true, false]
        );
    }

    #[test]
    fn nonsense_is_no_condition() {
        for text in
            ["amount 5", "amount -1 CNY", "count 3 in 0", "count 3 in 99999999", "time 0 to 1440", "maybe"]
        {
            assert!(conditions_from_text(text).is_err(), "{text}");
        }
    }

    fn any_condition() -> impl Strategy<Value = Condition> {
        let window = 1_u32..=604_800;
        prop_oneof![
            prop_oneof![Just(Kind::Payment), Just(Kind::Transfer)].prop_map(Condition::Kind),
            (0_u64..1_000_000).prop_map(|minor| Condition::AmountFrom(cny(minor))),
            (0_u32..100, window.clone()).prop_map(|(count, seconds)| Condition::CountFrom { count, seconds }),
            (0_u64..1_000_000, window)
                .prop_map(|(minor, seconds)| Condition::SumFrom { amount: cny(minor), seconds }),
            Just(Condition::NewPayee),
            Just(Condition::NewDevice),
            Just(Condition::NewPlace),
            (0_u16..1_440, 0_u16..1_440).prop_map(|(from, until)| Condition::TimeBetween { from, until }),
        ]
    }

    proptest! {
        #[test]
        fn conditions_survive_their_text_form(conditions in prop::collection::vec(any_condition(), 0..6)) {
            let text = conditions_to_text(&conditions);
            prop_assert_eq!(conditions_from_text(&text), Ok(conditions));
        }

        #[test]
        fn reading_conditions_never_panics(text in "\\PC{0,80}") {
            drop(conditions_from_text(&text));
        }
    }
}
