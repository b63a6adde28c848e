//! Both purses at one device.

use std::collections::VecDeque;

use card_reader::{exchange::ExchangeError, reader::Reader};
use pki::Day;
use purse::vtp::{Entry, MessageKind, PayDetails, Side, Status};

use crate::{
    frame::Frame,
    held_purse::HeldPurse,
    party::{Outcome, Party, Terms, is_unknown},
    trouble::Trouble,
};

/// What became of a transfer that broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The payee has it.
    Paid,
    /// The payer has it, and the transfer is given up.
    NotPaid,
}

/// Pays from one purse to the other. Both are released.
///
/// # Errors
/// [`Trouble`]; after [`Trouble::Unfinished`], [`settle`] says and does what is left.
pub fn face_to_face(
    payer: &mut dyn Reader,
    payee: &mut dyn Reader,
    terms: Terms,
    today: Day,
) -> Result<Outcome, Trouble> {
    let (mut payer, from_payer) = Party::new(payer, Side::From, terms, today)?;
    let (mut payee, from_payee) = Party::new(payee, Side::To, terms, today)?;
    let mut under_way = VecDeque::from([(Side::To, from_payer), (Side::From, from_payee)]);
    while let Some((to, frame)) = under_way.pop_front() {
        let (party, other) =
            if to == Side::From { (&mut payer, &mut payee) } else { (&mut payee, &mut payer) };
        match party.take(&frame) {
            Ok(step) => {
                if let (Side::From, Some(outcome)) = (to, step.outcome) {
                    return Ok(outcome);
                }
                under_way.extend(step.send.map(|frame| (opposite(to), frame)));
            }
            Err(trouble) => return Err(broken_off(trouble, other)),
        }
    }
    Err(Trouble::OutOfOrder)
}

const fn opposite(side: Side) -> Side {
    match side {
        Side::From => Side::To,
        Side::To => Side::From,
    }
}

/// Tells the other party, and names the transfer where that one had begun it.
fn broken_off(trouble: Trouble, other: &mut Party<'_>) -> Trouble {
    let begun = other.under_way();
    if let Some(refusal @ Frame::Refused(_)) = Party::refusal(&trouble) {
        // What it says is what was said here.
        let _: Result<_, Trouble> = other.take(&refusal);
    }
    match (&trouble, begun) {
        (Trouble::Card(_, ExchangeError::Unanswered(_)), Some(details)) => Trouble::Unfinished(details),
        _ => trouble,
    }
}

/// Ends a transfer that broke off between two purses, whichever of them lost its power when. Again, it changes nothing.
///
/// # Errors
/// [`Trouble`]; the same may be asked again.
pub fn settle(payer: &mut dyn Reader, payee: &mut dyn Reader, details: &PayDetails) -> Result<Fate, Trouble> {
    let (mut payer, mut payee) = (HeldPurse::select(payer)?, HeldPurse::select(payee)?);
    if payer.identify()?.purse != details.from || payee.identify()?.purse != details.to {
        return Err(Trouble::OtherPurses);
    }
    if payer.has_ended(Side::From, details)? {
        return Ok(Fate::Paid);
    }
    let asked = payee.said()?.filter(|said| said.message.details == *details);
    let ack = match asked.map(|said| (said.kind, said.message)) {
        Some((MessageKind::Ack, ack)) => ack,
        Some((_, req)) => match payer.take_req(&req) {
            Ok(val) => payee.take_val(&val)?,
            Err(trouble) if is_unknown(&trouble) => return give_up(&mut payer, &mut payee, details),
            Err(trouble) => return Err(trouble),
        },
        None => return give_up(&mut payer, &mut payee, details),
    };
    payer.take_ack(&ack)?;
    Ok(Fate::Paid)
}

/// The purses cannot end it together any more: the payee has it and has gone on, or the payer never debited.
fn give_up(
    payer: &mut HeldPurse<'_>,
    payee: &mut HeldPurse<'_>,
    details: &PayDetails,
) -> Result<Fate, Trouble> {
    let was_received = payee.has_ended(Side::To, details)?;
    let entry = Entry { side: Side::From, details: *details };
    let has_debited = waits_about(payer, details)? || payer.exceptions()?.contains(&entry);
    if has_debited && !was_received {
        return Err(Trouble::UnderWay(*details));
    }
    if waits_about(payer, details)? || payer.identify()?.status == Status::Epr {
        payer.give_up()?;
    }
    if waits_about(payee, details)? {
        payee.give_up()?;
    }
    Ok(if was_received { Fate::Paid } else { Fate::NotPaid })
}

/// Whether value of this transfer may be under way, in the purse's own words.
fn waits_about(purse: &mut HeldPurse<'_>, details: &PayDetails) -> Result<bool, Trouble> {
    let is_idle = purse.identify()?.status.is_idle();
    Ok(!is_idle && purse.said()?.is_some_and(|said| said.message.details == *details))
}
