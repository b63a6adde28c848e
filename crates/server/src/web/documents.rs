//! Receipts and statements as PDF.

use std::sync::OnceLock;

use axum::extract::Query;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use documents::{Fonts, Line, Receipt, Statement, Undrawable};
use ledger::Timestamp;
use money::Currency;
use operations::statement;
use pages::paper::{self, Movement, RowWords, StatementView};
use wallet::ids::OperationId;

use super::history::HistoryQuery;
use super::stop::Stop;
use super::visit::{HolderVisit, MemberVisit, Visit};
use super::{amounts, describe, transaction};
use crate::request::PathId;

/// The fonts of the system, looked for once.
fn fonts() -> Result<&'static Fonts, Undrawable> {
    static FOUND: OnceLock<Result<Fonts, Undrawable>> = OnceLock::new();
    FOUND.get_or_init(Fonts::find).as_ref().map_err(|error| *error)
}

/// Draws where nothing else waits: it takes some milliseconds, and the first time some hundreds.
async fn drawn<T: Send + 'static>(
    draw: impl FnOnce(&Fonts, T) -> Result<Vec<u8>, Undrawable> + Send + 'static,
    what: T,
) -> Result<Vec<u8>, Undrawable> {
    let task = tokio::task::spawn_blocking(move || draw(fonts()?, what));
    task.await.unwrap_or(Err(Undrawable::Writer))
}

fn pdf(visit: &Visit, name: &str, drawn: Result<Vec<u8>, Undrawable>) -> Response {
    match drawn {
        Ok(bytes) => {
            let name = format!("attachment; filename=\"{name}.pdf\"");
            let headers = [(CONTENT_TYPE, "application/pdf".to_owned()), (CONTENT_DISPOSITION, name)];
            (headers, bytes).into_response()
        }
        Err(error) => {
            eprintln!("sycee: no PDF: {error}");
            let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
            (StatusCode::NOT_IMPLEMENTED, headers, paper::no_font(&visit.frame())).into_response()
        }
    }
}

/// `GET /transactions/{id}/receipt.pdf`
pub(super) async fn receipt(
    PathId(id): PathId<OperationId>,
    MemberVisit { visit, .. }: MemberVisit,
) -> Result<Response, Stop> {
    let view = transaction::view(&visit, id).await?;
    let words = paper::receipt(&visit.frame(), &view);
    let receipt = Receipt {
        issuer: words.issuer,
        title: words.title,
        figure: words.figure,
        state: words.state,
        rows: words.rows,
        notes: words.notes,
    };
    let bytes = drawn(|fonts, receipt: Receipt| documents::receipt(fonts, &receipt), receipt).await;
    Ok(pdf(&visit, &format!("receipt-{id}"), bytes))
}

/// `GET /history.pdf`: the statement of one currency, with the rows of `GET /history.csv`.
pub(super) async fn statement(
    HolderVisit { visit, holder }: HolderVisit,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Stop> {
    let operations = visit.app.operations();
    let available = amounts::available(&visit, holder).await?;
    let currency = query.currency().or_else(|| available.first().map(|held| held.currency()));
    let currency = currency.unwrap_or(Currency::CNY);
    let (from, until) = query.span();
    let span = (from.unwrap_or(Timestamp::FIRST), until.unwrap_or(Timestamp::LAST));
    let rows = visit.need(statement::rows(operations, holder, currency, span).await)?;
    let opening = visit.need(statement::opening(operations, holder, currency, span.0).await)?;
    let name = visit.member.as_ref().map(|member| describe::own_name(visit.locale, &member.principal));
    let movements = rows.into_iter().map(|row| {
        let line = describe::line(visit.locale, row, holder.into());
        Movement { at: line.at, kind: line.kind, other: line.other, memo: line.memo, delta: line.delta }
    });
    let view = StatementView {
        holder: name.unwrap_or_default(),
        currency,
        days: query.days(),
        opening,
        movements: movements.collect(),
    };
    let frame = visit.frame();
    let words = paper::statement(&frame, &view);
    let mut statement = Statement {
        issuer: words.issuer,
        title: words.title,
        facts: words.facts,
        heads: line(words.heads),
        lines: words.rows.into_iter().map(line).collect(),
        feet: Vec::new(),
    };
    let pages = statement.pages();
    statement.feet = (1..=pages).map(|page| paper::foot(&frame, page, pages)).collect();
    let bytes = drawn(|fonts, it: Statement| documents::statement(fonts, &it), statement).await;
    Ok(pdf(&visit, &format!("statement-{}", currency.code()), bytes))
}

fn line(words: RowWords) -> Line {
    Line {
        time: words.time,
        kind: words.kind,
        words: words.words,
        amount: words.amount,
        balance: words.balance,
    }
}
