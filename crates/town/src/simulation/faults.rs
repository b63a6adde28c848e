//! What goes wrong, and when: the power switch, slow replies, and the count of everything that happened.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// A place between two steps of an operation, where the power may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The bank has not received the request.
    BeforeBank,
    /// The bank has acted, its answer is lost.
    AfterBank,
    /// The ledger has not received the batch.
    BeforeLedger,
    /// The ledger is writing the batch: its disk loses, tears or reorders what was not synced.
    WithinLedger,
    /// The batch is durable, the answer is lost.
    AfterLedger,
    /// The records have not received the job.
    BeforeRecords,
    /// The job is committed, the answer is lost.
    AfterRecords,
}

/// What the simulation did to the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The bank declined for no reason.
    BankDecline,
    /// Nobody at the bank answered several calls.
    BankOutage,
    /// The bank never received the request.
    BankTimeOutBefore,
    /// The bank acted and its answer was lost.
    BankTimeOutAfter,
    /// The clock went back.
    ClockBack,
    /// The clock leapt forward.
    ClockForward,
    /// The power failed.
    Crash,
    /// The power failed again during recovery.
    CrashInRecovery,
    /// A request arrived twice at once.
    Duplicate,
    /// A request arrived again hours later.
    LateDuplicate,
    /// A request arrived again, same key, other body.
    OtherBody,
    /// The records came back older than they had acknowledged.
    RecordsLost,
    /// Requests arrived in another order than they were sent.
    Reordered,
    /// The client did not see the answer and asked again.
    Retry,
    /// An answer of the bank took so long that other requests went ahead.
    SlowBank,
    /// An answer of the ledger took so long that other requests went ahead.
    SlowLedger,
}

/// A constellation that a run set must have seen: where one never occurs, its tests prove nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Situation {
    /// The power failed after the bank had charged and before the ledger had posted.
    CrashAfterChargeBeforePost,
    /// The power failed after the bank had paid out and before the ledger had posted.
    CrashAfterPayOutBeforePost,
    /// The power failed while another one's recovery was under way.
    CrashDuringRecovery,
    /// The power failed with more than one operation under way.
    CrashWithSeveralInFlight,
    /// The power failed between opening the account that caps a payment's refunds and the refund itself.
    CrashBetweenCapAndRefund,
    /// A request that had been declined came again and was declined again.
    DuplicateOfDeclined,
    /// A request that had been completed came again and gave the same answer.
    DuplicateOfCompleted,
    /// The ledger had a transfer whose operation the records had lost.
    LedgerAheadOfRecords,
    /// The same key with another body was refused.
    OtherBodyRefused,
    /// A refund was refused because the payment had been refunded already.
    OverRefundRefused,
    /// The records had an operation that the ledger had never seen.
    RecordsAheadOfLedger,
    /// Two refunds of one payment were under way at the same time.
    RefundsRaced,
    /// Recovery found bytes after the last whole frame of the journal.
    TornFrameTruncated,
    /// An unknown outcome turned out to have happened at the bank.
    UnknownWasDone,
    /// An unknown outcome turned out not to have happened at the bank.
    UnknownWasNotDone,
}

impl Situation {
    /// All that a run set must have seen.
    pub const ALL: [Self; 15] = [
        Self::CrashAfterChargeBeforePost,
        Self::CrashAfterPayOutBeforePost,
        Self::CrashDuringRecovery,
        Self::CrashWithSeveralInFlight,
        Self::CrashBetweenCapAndRefund,
        Self::DuplicateOfDeclined,
        Self::DuplicateOfCompleted,
        Self::LedgerAheadOfRecords,
        Self::OtherBodyRefused,
        Self::OverRefundRefused,
        Self::RecordsAheadOfLedger,
        Self::RefundsRaced,
        Self::TornFrameTruncated,
        Self::UnknownWasDone,
        Self::UnknownWasNotDone,
    ];
}

/// Something that was never allowed to happen. The text says what, for a person who replays the seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation(pub String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

type HeldReply = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
    dark: bool,
    steps_to_darkness: Option<u32>,
    went_dark_at: Option<Place>,
    slow_bank: bool,
    slow_ledger: bool,
    held: Vec<HeldReply>,
    buried: Vec<Box<dyn Send>>,
    counts: BTreeMap<FaultKind, u64>,
    places: BTreeMap<Place, u64>,
    situations: BTreeMap<Situation, u64>,
    violations: Vec<Violation>,
}

/// The switchboard that all ports share.
#[derive(Default)]
pub struct Faults(Mutex<State>);

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults")
    }
}

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the power fail after so many more steps.
    pub fn arm_crash(&self, steps: u32) {
        self.state().steps_to_darkness = Some(steps);
    }

    /// Whether a crash is armed and has not come yet.
    pub fn crash_is_armed(&self) -> bool {
        self.state().steps_to_darkness.is_some()
    }

    /// Takes back what was armed and has not happened.
    pub fn disarm(&self) {
        let mut state = self.state();
        state.steps_to_darkness = None;
        (state.slow_bank, state.slow_ledger) = (false, false);
    }

    /// Passes a place between two steps. False: the power is off, and nothing may happen any more.
    pub fn passes(&self, place: Place) -> bool {
        let mut state = self.state();
        if state.dark {
            return false;
        }
        match state.steps_to_darkness {
            None => true,
            Some(0) => {
                state.go_dark(place);
                false
            }
            Some(steps) => {
                state.steps_to_darkness = Some(steps - 1);
                true
            }
        }
    }

    /// Lets the power fail now.
    pub fn cut_power(&self, place: Place) {
        let mut state = self.state();
        if !state.dark {
            state.go_dark(place);
        }
    }

    /// Where the power failed, if it is off.
    pub fn darkness(&self) -> Option<Place> {
        self.state().went_dark_at
    }

    /// Takes what the dead process held, which is to be dropped after the process itself, and turns the power on.
    pub fn restore_power(&self) -> Vec<Box<dyn Send>> {
        let mut state = self.state();
        state.dark = false;
        state.went_dark_at = None;
        state.steps_to_darkness = None;
        (state.slow_bank, state.slow_ledger) = (false, false);
        let held: Vec<HeldReply> = std::mem::take(&mut state.held);
        let mut buried = std::mem::take(&mut state.buried);
        buried.push(Box::new(held));
        buried
    }

    /// Keeps something of the dead process alive until [`Faults::restore_power`], so that nobody notices its end.
    pub fn bury(&self, remains: Box<dyn Send>) {
        self.state().buried.push(remains);
    }

    /// Makes the next answer of the bank slow.
    pub fn slow_next_bank_reply(&self) {
        self.state().slow_bank = true;
    }

    /// Makes the next answer of the ledger slow.
    pub fn slow_next_ledger_reply(&self) {
        self.state().slow_ledger = true;
    }

    /// Whether this answer of the bank is to be held; asked once per answer.
    pub fn take_slow_bank(&self) -> bool {
        std::mem::take(&mut self.state().slow_bank)
    }

    /// Whether this answer of the ledger is to be held; asked once per answer.
    pub fn take_slow_ledger(&self) -> bool {
        std::mem::take(&mut self.state().slow_ledger)
    }

    /// Keeps an answer back.
    pub fn hold(&self, reply: HeldReply) {
        self.state().held.push(reply);
    }

    /// Takes all answers that were kept back, to be delivered now.
    pub fn release_held(&self) -> Vec<HeldReply> {
        std::mem::take(&mut self.state().held)
    }

    /// Whether answers are kept back.
    pub fn holds_replies(&self) -> bool {
        !self.state().held.is_empty()
    }

    /// Counts a fault.
    pub fn count(&self, kind: FaultKind) {
        *self.state().counts.entry(kind).or_insert(0) += 1;
    }

    /// Notes that a wanted situation occurred.
    pub fn saw(&self, situation: Situation) {
        *self.state().situations.entry(situation).or_insert(0) += 1;
    }

    /// Notes what must never happen. The first few are kept: the rest follow from them.
    pub fn violate(&self, what: impl Into<String>) {
        let mut state = self.state();
        if state.violations.len() < 20 {
            state.violations.push(Violation(what.into()));
        }
    }

    /// Whether anything that must never happen has happened.
    pub fn is_violated(&self) -> bool {
        !self.state().violations.is_empty()
    }

    /// What happened: faults by kind, crashes by place, situations, violations.
    pub fn tally(&self) -> Tally {
        let state = self.state();
        Tally {
            faults: state.counts.clone(),
            crash_places: state.places.clone(),
            situations: state.situations.clone(),
            violations: state.violations.clone(),
        }
    }
}

impl State {
    fn go_dark(&mut self, place: Place) {
        self.dark = true;
        self.steps_to_darkness = None;
        self.went_dark_at = Some(place);
        *self.places.entry(place).or_insert(0) += 1;
    }
}

/// The counts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Faults by kind.
    pub faults: BTreeMap<FaultKind, u64>,
    /// Crashes by place.
    pub crash_places: BTreeMap<Place, u64>,
    /// Wanted situations that occurred.
    pub situations: BTreeMap<Situation, u64>,
    /// What must never happen and did.
    pub violations: Vec<Violation>,
}

#[cfg(test)]
mod tests {
    use super::{Faults, Place};

    #[test]
    fn the_power_fails_after_the_armed_number_of_steps_and_stays_off() {
        let faults = Faults::default();
        faults.arm_crash(2);
        assert!(faults.passes(Place::BeforeRecords));
        assert!(faults.passes(Place::AfterRecords));
        assert!(!faults.passes(Place::BeforeLedger));
        assert!(!faults.passes(Place::BeforeBank));
        assert_eq!(faults.darkness(), Some(Place::BeforeLedger));
        drop(faults.restore_power());
        assert!(faults.passes(Place::BeforeBank));
    }
}
