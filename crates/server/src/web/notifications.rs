//! What the visitor was told, and what they want to be told.

use axum::response::Response;
use money::Amount;
use operations::notifications::{self, OPTIONAL, Told};
use operations::settings;
use pages::form::Problem;
use pages::frame::Notice;
use pages::notifications::{Choices, NoticeKind, Notifications, Told as Shown};
use records::notifications::NoticeKind as Recorded;
use records::principals::Role;
use serde::Deserialize;
use wallet::ids::HolderId;

use super::amounts;
use super::describe::party;
use super::own_form::OwnForm;
use super::stop::Stop;
use super::visit::{HolderVisit, MemberVisit, Visit, page, page_with_problems, see_other};

/// `GET /notifications`
pub(super) async fn list(MemberVisit { visit, caller }: MemberVisit) -> Result<Response, Stop> {
    let choices = if caller.role == Role::Holder {
        Some(choices(&visit, HolderId::new(caller.principal.bits()), Vec::new()).await?)
    } else {
        None
    };
    let view = view(&visit, caller.principal, choices).await?;
    Ok(page(pages::notifications::notifications(&visit.frame(), &view)))
}

async fn view(
    visit: &Visit,
    principal: wallet::ids::PrincipalId,
    choices: Option<Choices>,
) -> Result<Notifications, Stop> {
    let told = visit.need(notifications::list(visit.app.operations(), principal).await)?;
    let newest = told.first().map_or(0, |told| told.notification.seq);
    Ok(Notifications { told: told.iter().map(|told| shown(visit, told)).collect(), newest, choices })
}

fn shown(visit: &Visit, told: &Told) -> Shown {
    let row = &told.notification;
    Shown {
        kind: kind(row.kind),
        actor: told.actor.as_ref().map(|actor| party(visit.locale, Some(actor))).unwrap_or_default(),
        amount: row.amount,
        at: row.created_at,
        fresh: row.read_at.is_none(),
        href: href(row.kind, row.subject),
    }
}

const fn kind(kind: Recorded) -> NoticeKind {
    match kind {
        Recorded::BillDue => NoticeKind::BillDue,
        Recorded::BoardAnswer => NoticeKind::BoardAnswer,
        Recorded::LimitsChanged => NoticeKind::LimitsChanged,
        Recorded::LowBalance => NoticeKind::LowBalance,
        Recorded::MoneyReceived => NoticeKind::MoneyReceived,
        Recorded::MoneyRequested => NoticeKind::MoneyRequested,
        Recorded::PaymentEnded => NoticeKind::PaymentEnded,
        Recorded::RefundReceived => NoticeKind::RefundReceived,
        Recorded::RequestDeclined => NoticeKind::RequestDeclined,
        Recorded::RequestPaid => NoticeKind::RequestPaid,
        Recorded::Security => NoticeKind::Security,
    }
}

/// The page about the subject.
fn href(kind: Recorded, subject: u128) -> Option<String> {
    Some(match kind {
        Recorded::BillDue => format!("/bills/{subject:032x}"),
        Recorded::BoardAnswer => "/board".to_owned(),
        Recorded::LimitsChanged => "/limits".to_owned(),
        Recorded::LowBalance => "/top-up".to_owned(),
        Recorded::MoneyReceived | Recorded::RefundReceived => format!("/transactions/{subject:032x}"),
        Recorded::MoneyRequested | Recorded::RequestDeclined | Recorded::RequestPaid => {
            format!("/requests/{subject:032x}")
        }
        Recorded::PaymentEnded => "/history".to_owned(),
        Recorded::Security => return None,
    })
}

#[derive(Deserialize)]
pub(super) struct ReadForm {
    newest: i64,
}

/// `POST /notifications/read`
pub(super) async fn mark_read(
    MemberVisit { visit, caller }: MemberVisit,
    OwnForm(form): OwnForm<ReadForm>,
) -> Result<Response, Stop> {
    let marked = notifications::mark_read(visit.app.operations(), caller.principal, form.newest).await;
    visit.need(marked)?;
    Ok(see_other("/notifications"))
}

async fn choices(visit: &Visit, holder: HolderId, problems: Vec<Problem>) -> Result<Choices, Stop> {
    let settings = visit.need(settings::get(visit.app.operations(), holder).await)?;
    let available = amounts::available(visit, holder).await?;
    let low_balance = match (settings.low_balance, available.first()) {
        (Some(minor), Some(held)) => Amount::from_minor(minor, held.currency()).ok(),
        _ => None,
    };
    let wanted = |kind: Recorded| !settings.muted.iter().any(|muted| muted == kind.code());
    Ok(Choices {
        kinds: OPTIONAL.iter().map(|&recorded| (kind(recorded), recorded.code(), wanted(recorded))).collect(),
        low_balance: low_balance.map(|amount| amount.decimal().to_string()).unwrap_or_default(),
        problems,
    })
}

/// A box that is not ticked is not sent.
#[derive(Deserialize)]
pub(super) struct ChoicesForm {
    #[serde(default)]
    bill_due: String,
    #[serde(default)]
    board_answer: String,
    #[serde(default)]
    low_balance: String,
    #[serde(default)]
    money_received: String,
    #[serde(default)]
    request_declined: String,
    #[serde(default)]
    request_paid: String,
    #[serde(default)]
    warn_below: String,
}

impl ChoicesForm {
    fn muted(&self) -> Vec<Recorded> {
        let boxes = [
            (Recorded::BillDue, &self.bill_due),
            (Recorded::BoardAnswer, &self.board_answer),
            (Recorded::LowBalance, &self.low_balance),
            (Recorded::MoneyReceived, &self.money_received),
            (Recorded::RequestDeclined, &self.request_declined),
            (Recorded::RequestPaid, &self.request_paid),
        ];
        boxes.into_iter().filter(|(_, ticked)| *ticked != "yes").map(|(kind, _)| kind).collect()
    }
}

/// `POST /notifications/choices`
pub(super) async fn choose(
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(form): OwnForm<ChoicesForm>,
) -> Result<Response, Stop> {
    let available = amounts::available(&visit, holder).await?;
    let below = if form.warn_below.trim().is_empty() {
        Ok(None)
    } else {
        amounts::typed(&form.warn_below, &amounts::first_currency(&available)).map(Some)
    };
    match below {
        Ok(below) => {
            let below = below.map(Amount::minor);
            let chosen =
                settings::choose_notifications(visit.app.operations(), holder, &form.muted(), below).await;
            visit.need(chosen)?;
            Ok(see_other(&format!("/notifications?notice={}", Notice::Saved.code())))
        }
        Err(problem) => {
            let problem = Problem { field: "warn_below", trouble: problem.trouble };
            let mut choices = choices(&visit, holder, vec![problem]).await?;
            choices.low_balance.clone_from(&form.warn_below);
            let view = view(&visit, holder.into(), Some(choices)).await?;
            Ok(page_with_problems(pages::notifications::notifications(&visit.frame(), &view)))
        }
    }
}
