//! One device with its purse, as a state machine over frames.
//!
//! ```text
//! payer  Hello ──▶ ◀── Hello                      payee
//!        start      Started ──▶  start
//!        debit      ◀── req      (asked for only now)
//!                   val ──▶      credit
//!        end        ◀── ack      end
//! ```
//!
//! Where both purses say in their hellos that they have begun a transfer with each other and not ended it, that one is ended
//! instead: the payee says again what it has to say, and nothing new is started.

use std::fmt;

use card_reader::{exchange::ExchangeError, reader::Reader};
use globalplatform::status::StatusWord;
use pki::Day;
use purse::{
    amount::Amount,
    vtp::{Currency, MessageKind, PayDetails, Series, Side, Status},
};

use crate::{
    frame::{Frame, Hello, Refusal, Said},
    held_purse::HeldPurse,
    trouble::{Moment, Trouble},
};

/// What is to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How much, in minor units.
    pub amount: Amount,
    /// Of which currency.
    pub currency: Currency,
    /// Of which series.
    pub series: Series,
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([a, b], [c, d]) = (self.currency.0, self.series.0);
        write!(f, "{} units of currency {a:02X}{b:02X}, series {c:02X}{d:02X}", self.amount.units())
    }
}

/// How a transfer ended, on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Which transfer.
    pub details: PayDetails,
    /// Whether it had been begun before; what was wanted now has not been started then.
    pub was_begun_before: bool,
}

/// What follows from a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// What to say.
    pub send: Option<Frame>,
    /// The end of the transfer on this side.
    pub outcome: Option<Outcome>,
}

impl Step {
    const fn say(frame: Frame) -> Self {
        Self { send: Some(frame), outcome: None }
    }
}

/// Where a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It waits for the other's hello.
    Alone,
    /// The payee waits until the payer has started.
    Met(PayDetails),
    /// Messages go to and fro.
    Under(Outcome),
    /// Nothing follows.
    Over,
}

/// A device with its purse.
#[derive(Debug)]
pub struct Party<'r> {
    purse: HeldPurse<'r>,
    today: Day,
    own: Hello,
    phase: Phase,
}

impl<'r> Party<'r> {
    /// Looks at the purse and says hello.
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn new(
        reader: &'r mut dyn Reader,
        side: Side,
        terms: Terms,
        today: Day,
    ) -> Result<(Self, Frame), Trouble> {
        let mut purse = HeldPurse::select(reader)?;
        let identity = purse.identify()?;
        let own = Hello {
            side,
            purse: identity.purse,
            next_sequence: identity.next_sequence,
            status: identity.status,
            terms,
            certificates: purse.certificates()?,
            said: purse.said()?,
        };
        Ok((Self { purse, today, own, phase: Phase::Alone }, Frame::Hello(own)))
    }

    /// The transfer that messages go to and fro about.
    #[must_use]
    pub const fn under_way(&self) -> Option<PayDetails> {
        match self.phase {
            Phase::Under(outcome) => Some(outcome.details),
            _ => None,
        }
    }

    /// Takes what the other device said.
    ///
    /// # Errors
    /// [`Trouble`]; [`Party::refusal`] is to be sent then, and nothing else follows.
    pub fn take(&mut self, frame: &Frame) -> Result<Step, Trouble> {
        let taken = match (self.phase, self.own.side, frame) {
            (_, _, Frame::Refused(refusal)) => Err(Trouble::Counterpart(*refusal)),
            (Phase::Alone, _, Frame::Hello(other)) => self.meet(other),
            (Phase::Met(details), Side::To, Frame::Started) => self.ask_for(details),
            (Phase::Under(outcome), side, Frame::Said(said)) => self.pass_on(outcome, side, said),
            _ => Err(Trouble::OutOfOrder),
        };
        taken.map_err(|trouble| self.end_with(trouble))
    }

    /// What is said to the other device about trouble on this side. Nothing, where it was the other that said no.
    #[must_use]
    pub const fn refusal(trouble: &Trouble) -> Option<Frame> {
        let refusal = match trouble {
            Trouble::Counterpart(_) | Trouble::Carrier(_) => return None,
            Trouble::Card(_, ExchangeError::Refused(status)) => Refusal::Purse(*status),
            Trouble::Card(..) | Trouble::Unfinished(_) => Refusal::Gone,
            Trouble::UnderWay(_) => Refusal::UnderWay,
            Trouble::OtherTerms { .. }
            | Trouble::SameSide
            | Trouble::SamePurse
            | Trouble::OtherPurses
            | Trouble::OutOfOrder => Refusal::Terms,
        };
        Some(Frame::Refused(refusal))
    }

    fn meet(&mut self, other: &Hello) -> Result<Step, Trouble> {
        if other.side == self.own.side {
            return Err(Trouble::SameSide);
        }
        if other.purse == self.own.purse {
            return Err(Trouble::SamePurse);
        }
        let (payer, payee) = match self.own.side {
            Side::From => (self.own, *other),
            Side::To => (*other, self.own),
        };
        if let Some(details) = unfinished(&payer, &payee) {
            self.phase = Phase::Under(Outcome { details, was_begun_before: true });
            let said = payee.said.filter(|_| self.own.side == Side::To);
            return Ok(Step { send: said.map(Frame::Said), outcome: None });
        }
        self.ensure_free(other)?;
        if other.terms != self.own.terms {
            return Err(Trouble::OtherTerms { own: self.own.terms, other: other.terms });
        }
        let Terms { amount, currency, series } = self.own.terms;
        let details = PayDetails {
            from: payer.purse,
            from_sequence: payer.next_sequence,
            to: payee.purse,
            to_sequence: payee.next_sequence,
            amount,
            currency,
            series,
        };
        self.purse.meet(&other.certificates, self.today)?;
        if self.own.side == Side::To {
            self.phase = Phase::Met(details);
            return Ok(Step::default());
        }
        self.purse.start_to_pay(&details)?;
        self.phase = Phase::Under(Outcome { details, was_begun_before: false });
        Ok(Step::say(Frame::Started))
    }

    /// Refuses while value may be under way to somebody else: a start would give it up silently.
    fn ensure_free(&self, other: &Hello) -> Result<(), Trouble> {
        let Some(said) = self.own.said.filter(|_| !self.own.status.is_idle()) else { return Ok(()) };
        // A payee that still waits for this very payer waits in vain: it says that it has nothing under way.
        let waits_in_vain = said.kind == MessageKind::Req
            && said.message.details.from == other.purse
            && other.status != Status::Epa;
        if waits_in_vain { Ok(()) } else { Err(Trouble::UnderWay(said.message.details)) }
    }

    fn ask_for(&mut self, details: PayDetails) -> Result<Step, Trouble> {
        let message = self.purse.start_to_receive(&details)?;
        self.phase = Phase::Under(Outcome { details, was_begun_before: false });
        Ok(Step::say(Frame::Said(Said { kind: MessageKind::Req, message })))
    }

    /// Hands a message to the purse, and its answer back.
    fn pass_on(&mut self, outcome: Outcome, side: Side, said: &Said) -> Result<Step, Trouble> {
        match (side, said.kind) {
            (Side::From, MessageKind::Req) => {
                let message = self.purse.take_req(&said.message)?;
                Ok(Step::say(Frame::Said(Said { kind: MessageKind::Val, message })))
            }
            (Side::To, MessageKind::Val) => {
                let message = self.purse.take_val(&said.message)?;
                self.phase = Phase::Over;
                let ack = Frame::Said(Said { kind: MessageKind::Ack, message });
                Ok(Step { send: Some(ack), outcome: Some(outcome) })
            }
            (Side::From, MessageKind::Ack) => {
                self.purse.take_ack(&said.message)?;
                self.phase = Phase::Over;
                Ok(Step { send: None, outcome: Some(outcome) })
            }
            _ => Err(Trouble::OutOfOrder),
        }
    }

    /// Nothing follows. A payer that has started and not paid forgets it, and a card that went away in the middle is named.
    fn end_with(&mut self, trouble: Trouble) -> Trouble {
        let Phase::Under(outcome) = std::mem::replace(&mut self.phase, Phase::Over) else { return trouble };
        if let Trouble::Card(_, ExchangeError::Unanswered(_)) = trouble {
            return Trouble::Unfinished(outcome.details);
        }
        let has_only_started = self.purse.identify().is_ok_and(|identity| identity.status == Status::Epr);
        if self.own.side == Side::From && has_only_started {
            // Without value under way, giving up leaves no exception; failing, the next start does it.
            let _: Result<(), Trouble> = self.purse.give_up();
        }
        trouble
    }
}

/// The transfer that both purses have begun with each other and at least one has not ended.
fn unfinished(payer: &Hello, payee: &Hello) -> Option<PayDetails> {
    let asked = payee.said?;
    let details = asked.message.details;
    if (details.from, details.to) != (payer.purse, payee.purse) {
        return None;
    }
    let paid = payer.said.filter(|said| said.kind == MessageKind::Val && payer.status == Status::Epa);
    let is_open = match (asked.kind, paid) {
        (MessageKind::Req | MessageKind::Ack, Some(paid)) => paid.message.details == details,
        // The payer has started and heard nothing: whether it was this, its purse says.
        (MessageKind::Req, None) => payer.status == Status::Epr,
        _ => false,
    };
    is_open.then_some(details)
}

/// Whether a purse's word means that it knows of no such transfer.
pub(crate) fn is_unknown(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Card(Moment::Message, ExchangeError::Refused(StatusWord::CONDITIONS_NOT_MET)))
}
