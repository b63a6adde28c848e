//! The shop's office: settlement, staff, poster.

use axum::response::{IntoResponse, Response};
use ledger::Timestamp;
use operations::merchant_code::{self, NewCode};
use operations::staff::{self as hiring, Employer, NewStaff};
use operations::{OperationError, audit_log, merchants, till, totals};
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use pages::office::{SettlementDay, StaffPage, StaffRow};
use records::Code;
use records::principals::Language;
use records::till::{StaffEntry, StaffRole};
use serde::Deserialize;
use wallet::ids::PrincipalId;

use super::merchant::{main_currency, minor_amount};
use super::own_form::OwnForm;
use super::stop::Stop;
use super::trouble::problem_of;
use super::visit::{StaffVisit, page, page_with_problems, see_other};
use super::{describe, spans, staff_role};
use crate::auth::check_new;
use crate::fields::Secret;
use crate::request::PathId;

/// How many days the settlement shows.
const DAYS: u32 = 60;

async fn days(staff: &StaffVisit) -> Result<Vec<SettlementDay>, Stop> {
    let visit = &staff.visit;
    let currency = main_currency(visit);
    let query = spans::last_days(visit.app.now(), DAYS);
    let volumes =
        visit.need(totals::merchant_volumes(visit.app.operations(), staff.merchant, query).await)?;
    let mut starts: Vec<Timestamp> = volumes.iter().map(|volume| volume.start).collect();
    starts.sort_unstable();
    starts.dedup();
    let day = |start: &Timestamp| {
        let of_day: Vec<_> = volumes.iter().filter(|volume| volume.start == *start).copied().collect();
        let sums = till::sums_of(&of_day, currency);
        let (gross, refunds) = (minor_amount(sums.sold, currency), minor_amount(sums.refunded, currency));
        let net = gross.to_delta().checked_add(refunds.to_delta().negated());
        SettlementDay {
            day: spans::day_text(*start),
            sales: sums.sales,
            gross,
            refunds,
            fees: money::Amount::zero(currency),
            net: net.unwrap_or(gross.to_delta()),
        }
    };
    Ok(starts.iter().rev().map(day).collect())
}

/// `GET /merchant/settlement`
pub(super) async fn settlement(staff: StaffVisit) -> Result<Response, Stop> {
    staff_role::require(&staff, StaffRole::Manager).await?;
    let visit = &staff.visit;
    let shop = visit.need(merchants::get(visit.app.operations(), staff.merchant).await)?;
    let name = describe::pick(visit.locale, &shop.name_zh, Some(&shop.name_en));
    Ok(page(pages::office::settlement(&visit.frame(), name, &days(&staff).await?)))
}

/// `GET /merchant/settlement.csv`
pub(super) async fn settlement_csv(staff: StaffVisit) -> Result<Response, Stop> {
    staff_role::require(&staff, StaffRole::Manager).await?;
    let code = main_currency(&staff.visit).code();
    let row = |day: &SettlementDay| {
        let net = day.net.magnitude();
        let sign = if day.net.is_negative() { "-" } else { "" };
        let sums = [day.gross, day.refunds, day.fees].map(|sum| sum.decimal().to_string()).join(",");
        format!("{},{},{code},{sums},{sign}{}\r\n", day.day, day.sales, net.decimal())
    };
    let rows: String = days(&staff).await?.iter().map(row).collect();
    let text = format!("day,sales,currency,gross,refunds,fees,net\r\n{rows}");
    let headers = [
        ("content-type", "text/csv; charset=utf-8"),
        ("content-disposition", "attachment; filename=\"settlement.csv\""),
    ];
    Ok((headers, text).into_response())
}

/// `GET /merchant/poster`
pub(super) async fn poster(staff: StaffVisit) -> Result<Response, Stop> {
    let visit = &staff.visit;
    let operations = visit.app.operations();
    let shop = visit.need(merchants::get(operations, staff.merchant).await)?;
    let code = NewCode { merchant: staff.merchant, currency: main_currency(visit), amount: None, once: None };
    let text = visit.need(merchant_code::create(operations, &code).await)?;
    Ok(page(pages::office::poster(&visit.frame(), (&shop.name_zh, &shop.name_en), &text)))
}

async fn staff_view(staff: &StaffVisit) -> Result<StaffPage, Stop> {
    let visit = &staff.visit;
    let (me, role) = staff_role::of(visit).await?;
    let everybody = visit.need(till::staff(visit.app.operations(), staff.merchant).await)?;
    let row = |(principal, entry): &(records::principals::Principal, StaffEntry)| StaffRow {
        id: principal.id,
        name: describe::own_name(visit.locale, principal),
        login: principal.login.clone(),
        role: entry.role.code(),
        has_pin: entry.pin_hash.is_some(),
        is_self: principal.id == me,
        since: principal.created_at,
    };
    Ok(StaffPage {
        rows: everybody.iter().map(row).collect(),
        can_change: role == StaffRole::Owner,
        ..StaffPage::default()
    })
}

/// `GET /merchant/staff`
pub(super) async fn staff(staff: StaffVisit) -> Result<Response, Stop> {
    Ok(page(pages::office::staff(&staff.visit.frame(), &staff_view(&staff).await?)))
}

fn saved() -> Response {
    see_other(&format!("/merchant/staff?notice={}", Notice::Saved.code()))
}

#[derive(Deserialize)]
pub(super) struct HireForm {
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    role: String,
}

/// `POST /merchant/staff`
pub(super) async fn hire(staff: StaffVisit, OwnForm(form): OwnForm<HireForm>) -> Result<Response, Stop> {
    let owner = staff_role::require(&staff, StaffRole::Owner).await?;
    let visit = &staff.visit;
    let role = StaffRole::from_code(&form.role).unwrap_or(StaffRole::Cashier);
    let secret = Secret::from(form.password);
    let problem = if check_new(&secret, &form.login).is_err() {
        Problem { field: "password", trouble: Trouble::PasswordKnown }
    } else {
        let salt = visit.app.random_bits().to_be_bytes();
        let hash = visit.app.passwords().hash(secret, salt).await?;
        let new = NewStaff {
            login: form.login.trim().to_owned(),
            name: form.display_name.trim().to_owned(),
            latin_name: None,
            language: Language::Chinese,
            password_hash: Some(hash),
        };
        match hired(&staff, owner, new, role).await {
            Ok(()) => return Ok(saved()),
            Err(error) => problem_of(error).ok_or_else(|| visit.stop_for(error))?,
        }
    };
    let view = StaffPage {
        name: form.display_name,
        login: form.login,
        problems: vec![problem],
        ..staff_view(&staff).await?
    };
    Ok(page_with_problems(pages::office::staff(&visit.frame(), &view)))
}

async fn hired(
    staff: &StaffVisit,
    owner: PrincipalId,
    new: NewStaff,
    role: StaffRole,
) -> Result<(), OperationError> {
    let operations = staff.visit.app.operations();
    let id = PrincipalId::new(staff.visit.app.random_bits());
    let details = [("login", new.login.clone()), ("role", role.code().to_owned())];
    hiring::hire(operations, id, Employer::Merchant(staff.merchant), new).await?;
    till::set_role(operations, staff.merchant, id, role).await?;
    audit_log::note(operations, owner, "staff.hired", &id.to_string(), &details).await
}

#[derive(Deserialize)]
pub(super) struct RoleForm {
    #[serde(default)]
    role: String,
}

/// `POST /merchant/staff/{principal}/role`
pub(super) async fn set_role(
    PathId(principal): PathId<PrincipalId>,
    staff: StaffVisit,
    OwnForm(form): OwnForm<RoleForm>,
) -> Result<Response, Stop> {
    let me = staff_role::require(&staff, StaffRole::Owner).await?;
    let visit = &staff.visit;
    // An owner who demotes themselves could leave the shop without one.
    let role = StaffRole::from_code(&form.role).filter(|_| principal != me);
    let Some(role) = role else { return Err(visit.stop(pages::fault::Fault::BadRequest)) };
    let operations = visit.app.operations();
    visit.need(till::set_role(operations, staff.merchant, principal, role).await)?;
    let (subject, details) = (principal.to_string(), [("role", role.code().to_owned())]);
    let noted = audit_log::note(operations, me, "staff.role_changed", &subject, &details);
    visit.need(noted.await)?;
    Ok(saved())
}

#[derive(Deserialize)]
pub(super) struct PinForm {
    #[serde(default)]
    pin: String,
}

/// `POST /merchant/staff/pin`
pub(super) async fn set_pin(staff: StaffVisit, OwnForm(form): OwnForm<PinForm>) -> Result<Response, Stop> {
    let visit = &staff.visit;
    let (me, _) = staff_role::of(visit).await?;
    let fits = form.pin.len() == 6 && form.pin.bytes().all(|byte| byte.is_ascii_digit());
    if !fits {
        let problems = vec![Problem { field: "pin", trouble: Trouble::PinForm }];
        let view = StaffPage { problems, ..staff_view(&staff).await? };
        return Ok(page_with_problems(pages::office::staff(&visit.frame(), &view)));
    }
    let operations = visit.app.operations();
    let salt = visit.app.random_bits().to_be_bytes();
    let hash = visit.app.passwords().hash(Secret::from(form.pin), salt).await?;
    let entry = visit.need(till::staff_entry(operations, me).await)?;
    let entry = StaffEntry { pin_hash: Some(hash), pin_failures: 0, ..entry };
    visit.need(till::put_entry(operations, me, entry).await)?;
    Ok(saved())
}
