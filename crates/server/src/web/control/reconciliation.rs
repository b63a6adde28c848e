//! Reconciliation of statement files of banks.

use axum::extract::{Multipart, Path};
use axum::response::Response;
use money::{Currency, Delta};
use operations::approvals as two_people;
use operations::{OperationError, merchants, reconciliation};
use pages::control::reconciliation::{Class, Difference, FileLine, FilePage, Reconciliation};
use pages::fault::Fault;
use pages::figures;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use records::banks::Bank;
use records::control::{BankDifference, BankFile, DifferenceClass};
use serde::Deserialize;
use wallet::ids::{BankId, StatementId};

use super::{approvals, csv, mendable, name_of, own_id};
use crate::request::PathId;
use crate::web::describe;
use crate::web::own_form::OwnForm;
use crate::web::own_parts::{OwnParts, SentFile};
use crate::web::stop::Stop;
use crate::web::visit::{OperatorVisit, Visit, page, page_with_problems, see_other};

/// How many files the page shows.
const ROWS: u32 = 50;

/// The largest file, in bytes: 100,000 lines of 160 bytes.
const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The largest form. More than a file may have, so that whoever sends too large a file is told so on the page.
pub(super) const FORM_BYTES_MAX: usize = 4 * FILE_BYTES_MAX;
/// The longest name of a file, in characters.
const NAME_MAX: u16 = 80;

/// What is to be imported, as it was sent.
#[derive(Default)]
struct ImportForm {
    bank: String,
    name: String,
    /// As pasted, to be shown again.
    statement: String,
}

/// `GET /operator/reconciliation`
pub(super) async fn list(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let view = view(&visit, ImportForm::default(), Vec::new()).await?;
    Ok(page(pages::control::reconciliation::reconciliation(&visit.frame(), &view)))
}

async fn view(visit: &Visit, form: ImportForm, problems: Vec<Problem>) -> Result<Reconciliation, Stop> {
    let operations = visit.app.operations();
    let banks = visit.need(merchants::list_banks(operations).await)?;
    let mut files = Vec::new();
    for file in visit.need(reconciliation::files(operations, ROWS).await)? {
        files.push(file_line(visit, &banks, file).await?);
    }
    let named = |bank: &Bank| {
        (bank.id.to_string(), describe::pick(visit.locale, &bank.name_zh, Some(&bank.name_en)).to_owned())
    };
    Ok(Reconciliation {
        files,
        banks: banks.iter().map(named).collect(),
        bank: form.bank,
        name: form.name,
        statement: form.statement,
        problems,
    })
}

async fn file_line(visit: &Visit, banks: &[Bank], file: BankFile) -> Result<FileLine, Stop> {
    let bank = banks.iter().find(|bank| bank.id == file.bank);
    let bank = bank.map_or_else(
        || file.bank.to_string(),
        |bank| describe::pick(visit.locale, &bank.name_zh, Some(&bank.name_en)).to_owned(),
    );
    Ok(FileLine {
        id: format!("{:032x}", file.id),
        bank,
        name: file.name,
        lines: file.lines,
        matched: file.matched,
        by: name_of(visit, file.imported_by).await?,
        at: file.imported_at,
    })
}

/// `POST /operator/reconciliation`
pub(super) async fn import(
    OperatorVisit { visit }: OperatorVisit,
    parts: Multipart,
) -> Result<Response, Stop> {
    let Some(parts) = OwnParts::read(&visit, parts).await? else {
        return not_imported(&visit, ImportForm::default(), file_problem(Trouble::FileTooLarge)).await;
    };
    let text = |field| parts.text(field).unwrap_or_default().to_owned();
    let form = ImportForm { bank: text("bank"), name: text("name"), statement: text("statement") };
    let bank: BankId = form.bank.parse().map_err(|_| visit.stop(Fault::BadRequest))?;
    let who = own_id(&visit)?;
    let (name, content) = match named_content(&form, parts.file("file")) {
        Ok(named) => named,
        Err(problem) => return not_imported(&visit, form, problem).await,
    };
    let problem = match reconciliation::import(visit.app.operations(), who, bank, (&name, &content)).await {
        Ok(file) => {
            let to = format!("/operator/reconciliation/{file:032x}?notice={}", Notice::Saved.code());
            return Ok(see_other(&to));
        }
        Err(OperationError::TextLength { .. }) => {
            Problem { field: "name", trouble: Trouble::TooLong(NAME_MAX) }
        }
        Err(error) => mendable(&visit, error)?,
    };
    not_imported(&visit, form, problem).await
}

/// Name and text of the file that was sent, or else of what was pasted.
fn named_content(form: &ImportForm, file: Option<SentFile>) -> Result<(String, String), Problem> {
    let (file_name, text) = match file {
        Some(file) if file.bytes.len() > FILE_BYTES_MAX => return Err(file_problem(Trouble::FileTooLarge)),
        Some(file) => {
            let text = String::from_utf8(file.bytes.to_vec()).map_err(|_| file_problem(Trouble::NotText))?;
            (title(&file.name), text)
        }
        None => (String::new(), form.statement.clone()),
    };
    if text.is_empty() {
        return Err(file_problem(Trouble::Missing));
    }
    let given = [form.name.trim(), file_name.as_str()].into_iter().find(|name| !name.is_empty());
    let name = given.ok_or(Problem { field: "name", trouble: Trouble::Missing })?;
    Ok((name.to_owned(), text))
}

/// What a file is called in the list, from its own name.
fn title(file_name: &str) -> String {
    let stem = std::path::Path::new(file_name).file_stem().unwrap_or_default();
    stem.to_string_lossy().trim().chars().take(usize::from(NAME_MAX)).collect()
}

const fn file_problem(trouble: Trouble) -> Problem {
    Problem { field: "file", trouble }
}

async fn not_imported(visit: &Visit, form: ImportForm, problem: Problem) -> Result<Response, Stop> {
    let view = view(visit, form, vec![problem]).await?;
    Ok(page_with_problems(pages::control::reconciliation::reconciliation(&visit.frame(), &view)))
}

/// `GET /operator/reconciliation/{file}`
pub(super) async fn show(
    PathId(file): PathId<StatementId>,
    OperatorVisit { visit }: OperatorVisit,
) -> Result<Response, Stop> {
    let view = file_page(&visit, file.bits(), Vec::new()).await?;
    Ok(page(pages::control::reconciliation::file(&visit.frame(), &view)))
}

async fn file_page(visit: &Visit, id: u128, problems: Vec<Problem>) -> Result<FilePage, Stop> {
    let operations = visit.app.operations();
    let (file, found) = visit.need(reconciliation::show(operations, id).await)?;
    let banks = visit.need(merchants::list_banks(operations).await)?;
    let mut differences = Vec::with_capacity(found.len());
    for one in found {
        differences.push(difference(visit, one).await?);
    }
    Ok(FilePage { file: file_line(visit, &banks, file).await?, differences, problems })
}

async fn difference(visit: &Visit, one: BankDifference) -> Result<Difference, Stop> {
    let correction = match one.approval {
        Some(id) => {
            Some(approvals::stage(visit.need(two_people::get(visit.app.operations(), id).await)?.state))
        }
        None => None,
    };
    let said = |minor: Option<i64>| minor.and_then(|minor| words(minor, one.currency));
    Ok(Difference {
        number: one.number,
        class: match one.class {
            DifferenceClass::MissingInLedger => Class::MissingInLedger,
            DifferenceClass::MissingAtBank => Class::MissingAtBank,
            DifferenceClass::AmountDiffers => Class::AmountDiffers,
            DifferenceClass::Duplicate => Class::Duplicate,
            DifferenceClass::Timing => Class::Timing,
        },
        ledger: said(one.ledger_minor),
        bank: said(one.bank_minor),
        correctable: one.bank_minor.unwrap_or(0) != one.ledger_minor.unwrap_or(0),
        resolved: one.resolved_at.is_some(),
        reference: one.reference,
        note: one.note,
        correction,
    })
}

fn words(minor: i64, currency: Currency) -> Option<String> {
    Delta::from_minor(minor, currency).ok().map(figures::signed_text)
}

#[derive(Deserialize)]
pub(super) struct ReasonForm {
    #[serde(default)]
    reason: String,
}

/// `POST /operator/reconciliation/{file}/{number}`
pub(super) async fn resolve(
    OperatorVisit { visit }: OperatorVisit,
    Path((file, number)): Path<(String, String)>,
    OwnForm(form): OwnForm<ReasonForm>,
) -> Result<Response, Stop> {
    let missing = || visit.stop(Fault::NotFound);
    let file: StatementId = file.parse().map_err(|_| missing())?;
    let number: u32 = number.parse().map_err(|_| missing())?;
    let who = own_id(&visit)?;
    match reconciliation::resolve(visit.app.operations(), who, (file.bits(), number), &form.reason).await {
        Ok(_) => Ok(see_other(&format!("/operator/approvals?notice={}", Notice::AskedForApproval.code()))),
        Err(error) => {
            let problem = Problem { field: "reason", ..mendable(&visit, error)? };
            let view = file_page(&visit, file.bits(), vec![problem]).await?;
            Ok(page_with_problems(pages::control::reconciliation::file(&visit.frame(), &view)))
        }
    }
}

/// `GET /operator/reconciliation/statement/{bank}`: what an embedded bank would send, `{bank}` with or without `.csv`.
pub(super) async fn export(
    OperatorVisit { visit }: OperatorVisit,
    Path(path): Path<String>,
) -> Result<Response, Stop> {
    let missing = || visit.stop(Fault::NotFound);
    let bank: BankId = path.trim_end_matches(".csv").parse().map_err(|_| missing())?;
    let embedded = visit.app.embedded_bank().ok_or_else(missing)?;
    let text = embedded.with_bank(bank, |bank| reconciliation::write_statement(bank, (0, u32::MAX)));
    Ok(csv(text.ok_or_else(missing)?))
}
