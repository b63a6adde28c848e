//! What a person has to look at about card purses.

use std::collections::HashMap;

use axum::response::Response;
use messages::card::{Asn, TerminalId};
use operations::card_purses::Direction;
use operations::card_purses::dues::{self, CardDueState};
use operations::card_purses::exceptions::{self, Exceptions};
use operations::card_purses::issuing::number_text;
use operations::card_purses::terminals;
use pages::control::card_exceptions::{About, Exception, ExceptionKind, Finding};
use records::card_uploads::CardFinding;
use wallet::ids::PrincipalId;

use super::name_of;
use crate::web::stop::Stop;
use crate::web::visit::{OperatorVisit, Visit, page};

/// `GET /operator/card-exceptions`
pub(super) async fn list(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let found = visit.need(exceptions::list(visit.app.operations()).await)?;
    let fleet = visit.need(terminals::list(visit.app.operations()).await)?;
    let labels = fleet.into_iter().map(|terminal| (terminal.id, terminal.label)).collect();
    let mut shown = in_doubt(&visit, &found).await?;
    shown.extend(dues_of(&visit, &labels).await?);
    shown.extend(of_records(found, &labels));
    Ok(page(pages::control::card_exceptions::exceptions(&visit.frame(), &shown)))
}

fn exception(kind: ExceptionKind, card: Asn) -> Exception {
    Exception {
        kind,
        card: number_text(card),
        place: String::new(),
        at: None,
        amount: None,
        about: About::Nothing,
    }
}

/// Suspense: each amount with whose it is.
async fn in_doubt(visit: &Visit, found: &Exceptions) -> Result<Vec<Exception>, Stop> {
    let mut shown = Vec::with_capacity(found.in_doubt.len());
    for (card, holder, doubt) in &found.in_doubt {
        let holder = match holder {
            Some(holder) => name_of(visit, PrincipalId::from(*holder)).await?,
            None => String::new(),
        };
        let is_load = doubt.direction == Direction::Load;
        shown.push(Exception {
            at: Some(doubt.begun_at),
            amount: Some(doubt.amount),
            about: About::Move { is_load, holder },
            ..exception(ExceptionKind::InDoubt, *card)
        });
    }
    Ok(shown)
}

/// What wallets owe, and what no card has confirmed.
async fn dues_of(visit: &Visit, labels: &HashMap<TerminalId, String>) -> Result<Vec<Exception>, Stop> {
    let open = visit.need(dues::open(visit.app.operations()).await)?;
    let mut shown = Vec::with_capacity(open.len());
    for due in open {
        let is_owed = due.state == CardDueState::Owed;
        let kind = if is_owed { ExceptionKind::Owed } else { ExceptionKind::Unproven };
        shown.push(Exception {
            place: place(labels, due.terminal),
            at: Some(due.owed_since),
            amount: Some(due.amount),
            about: About::Holder(name_of(visit, PrincipalId::from(due.holder)).await?),
            ..exception(kind, due.asn)
        });
    }
    Ok(shown)
}

/// A terminal by its label and number.
fn place(labels: &HashMap<TerminalId, String>, terminal: TerminalId) -> String {
    match labels.get(&terminal) {
        Some(label) => format!("{label} · {}", terminals::name(terminal)),
        None => terminals::name(terminal),
    }
}

fn of_records(found: Exceptions, labels: &HashMap<TerminalId, String>) -> Vec<Exception> {
    let place = |terminal: TerminalId| place(labels, terminal);
    let held = found.held.iter().map(|debit| Exception {
        place: place(debit.terminal),
        at: Some(debit.at),
        amount: Some(debit.amount),
        about: About::Sequences(debit.sequence.0, debit.sequence.0),
        ..exception(ExceptionKind::Held, debit.asn)
    });
    let refused = found.refused.iter().map(|refused| Exception {
        place: place(refused.terminal),
        at: Some(refused.refused_at),
        about: About::Refused(refused.reason),
        ..exception(ExceptionKind::Refused, refused.asn)
    });
    let gaps = found.gaps.iter().map(|(card, first, last)| Exception {
        about: About::Sequences(first.0, last.0),
        ..exception(ExceptionKind::Gap, *card)
    });
    let counterfeits = found.counterfeits.iter().map(|(card, excess)| Exception {
        amount: Some(*excess),
        ..exception(ExceptionKind::Counterfeit, *card)
    });
    let findings = found.findings.iter().map(|found| Exception {
        at: Some(found.found_at),
        about: About::Found(finding(found.finding), found.sequence.0),
        ..exception(ExceptionKind::Finding, found.asn)
    });
    held.chain(refused).chain(gaps).chain(counterfeits).chain(findings).collect()
}

const fn finding(found: CardFinding) -> Finding {
    match found {
        CardFinding::Clone => Finding::Clone,
        CardFinding::TooManyHeld => Finding::TooManyHeld,
        CardFinding::NumberUsedTwice => Finding::NumberUsedTwice,
        CardFinding::Inferred => Finding::Inferred,
        CardFinding::Ambiguous => Finding::Ambiguous,
        CardFinding::Overruled => Finding::Overruled,
        CardFinding::CancelInferred => Finding::CancelInferred,
    }
}
