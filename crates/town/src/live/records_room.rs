//! The records room: a visitor changes an entry of the audit log in the database, past every check of the program, and sees
//! that it is found.
//!
//! A change is its own undoing, so that nothing about it is kept anywhere: what was changed is what the check finds.

use std::sync::Arc;

use audit_log::{Entry, Finding, LogPublicKey, Stored, check};
use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use operations::audit_log::{WholeLog, public_key, read_whole};
use records::{RecordsError, Sql, Value};
use serde::Deserialize;
use server::App;

use super::card_panel::{no, style};
use super::neighbour_page::Neighbour;

/// The host of the records room.
pub(super) const HOST: &str = "records.localhost";
/// How many entries lie on the table, the newest.
const ENTRIES: usize = 8;

#[derive(Clone)]
struct Site {
    app: App,
    /// The operator's page of the log: `http://localhost:8080/operator/audit-log`.
    operator: Arc<str>,
}

/// The site on this port.
pub(super) fn router(app: &App, port: u16) -> Router {
    let operator = format!("http://localhost:{port}/operator/audit-log");
    let site = Site { app: app.clone(), operator: operator.into() };
    Router::new()
        .route("/", get(show))
        .route("/change", post(change))
        .route("/put-back", post(put_back))
        .route("/cards.css", get(style))
        .with_state(site)
}

/// What lies in the room.
struct Room {
    /// The newest entries, newest first.
    entries: Vec<Entry>,
    /// What the check finds first.
    found: Option<Finding>,
}

impl Room {
    fn changed(&self) -> Option<u64> {
        self.found.as_ref().and_then(changed_place)
    }
}

/// The entry that was changed: the last one of those over which the first wrong root stands.
fn changed_place(finding: &Finding) -> Option<u64> {
    match finding {
        Finding::RootDiffers { size } => size.checked_sub(1),
        _ => None,
    }
}

fn found(whole: &WholeLog, key: &LogPublicKey) -> Option<Finding> {
    check(&whole.entries, &whole.heads, key, &None).findings.into_iter().next()
}

fn look(sql: &mut dyn Sql, key: &LogPublicKey) -> Result<Room, RecordsError> {
    let whole = read_whole(sql)?;
    let found = found(&whole, key);
    let changed = found.as_ref().and_then(changed_place);
    let read = |stored: &Stored| Entry::from_bytes(&stored.body).ok();
    let newest = whole.entries.iter().rev().filter_map(read).filter(|entry| Some(entry.index) != changed);
    let first = changed.and_then(|place| whole.entries.get(usize::try_from(place).ok()?)).and_then(read);
    Ok(Room { entries: first.into_iter().chain(newest).take(ENTRIES).collect(), found })
}

/// `GET /`
async fn show(State(site): State<Site>) -> Response {
    let key = public_key(site.app.operations());
    match site.app.records().read(move |sql| look(sql, &key)).await {
        Ok(room) => SITE.page(StatusCode::OK, &table(&site, &room)),
        Err(error) => closed(&error),
    }
}

#[derive(Deserialize)]
struct EntryForm {
    place: u64,
}

/// `POST /change`: where the log is in order.
async fn change(State(site): State<Site>, Form(form): Form<EntryForm>) -> Response {
    turn(&site, form.place, None).await
}

/// `POST /put-back`: where this entry is the one that was changed.
async fn put_back(State(site): State<Site>, Form(form): Form<EntryForm>) -> Response {
    turn(&site, form.place, Some(form.place)).await
}

/// Turns the figures of an entry, where `changed` is what the check says is changed.
async fn turn(site: &Site, place: u64, changed: Option<u64>) -> Response {
    let key = public_key(site.app.operations());
    let done = site.app.records().write(move |sql| {
        let whole = read_whole(sql)?;
        let is_so = match found(&whole, &key) {
            None => changed.is_none(),
            Some(finding) => changed.is_some() && changed_place(&finding) == changed,
        };
        let stored = usize::try_from(place).ok().and_then(|place| whole.entries.get(place));
        let entry = stored.filter(|_| is_so).and_then(|stored| Entry::from_bytes(&stored.body).ok());
        let Some(entry) = entry else { return Ok(false) };
        write(sql, &turned(&entry))?;
        Ok(true)
    });
    match done.await {
        Ok(true) => Redirect::to("/").into_response(),
        Ok(false) => SITE
            .page(StatusCode::CONFLICT, &no("先把改过的那条改回去。", "Put the changed entry back first.")),
        Err(error) => closed(&error),
    }
}

fn closed(error: &RecordsError) -> Response {
    eprintln!("sycee: the records room: {error}");
    let body = no("档案室暂时关门，请稍后再试。", "The records room is closed. Try again later.");
    SITE.page(StatusCode::SERVICE_UNAVAILABLE, &body)
}

fn write(sql: &mut dyn Sql, entry: &Entry) -> Result<(), RecordsError> {
    let Stored { index, subject, body, .. } = Stored::from(entry);
    let place = i64::try_from(index).unwrap_or(i64::MAX);
    sql.execute(
        "UPDATE audit_entries SET subject = $1, body = $2 WHERE place = $3",
        &[subject.as_str().into(), Value::Bytes(body), Value::Int(place)],
    )?;
    Ok(())
}

/// The entry with every figure turned to what is missing to nine, in its details or, where those have none, in its subject.
/// Turned twice, it is the same entry.
fn turned(entry: &Entry) -> Entry {
    let has_figures = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let in_details = entry.details().iter().any(|(_, value)| has_figures(value));
    let subject = if in_details { entry.subject.clone() } else { turned_text(&entry.subject) };
    let detail = |(name, value): &(String, String)| (name.clone(), turned_text(value));
    let details: Vec<(String, String)> = entry.details().iter().map(detail).collect();
    let details: Vec<(&str, String)> =
        details.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    Entry::new((entry.index, entry.at), &entry.actor, &entry.action, &subject, &details)
}

fn turned_text(text: &str) -> String {
    let turned = |character: char| match character.to_digit(10).and_then(|digit| 9_u32.checked_sub(digit)) {
        Some(digit) => char::from_digit(digit, 10).unwrap_or(character),
        None => character,
    };
    text.chars().map(turned).collect()
}

fn table(site: &Site, room: &Room) -> Markup {
    html! {
        p.intro {
            "您坐在运营方的数据库前，程序的检查一概管不到您。改一条审计日志试试：里面的数字会变，签名却对不上。" br;
            span lang="en" {
                "You sit at the operator’s database, where no check of the program reaches you. Change an entry of the audit \
                 log: its figures become others, and the signatures no longer fit."
            }
        }
        (verdict(room))
        p { a href=(site.operator) { "运营方看到的审计日志 " span lang="en" { "The log as the operator sees it (log in as operator)" } } }
        section aria-labelledby="entries" {
            h2 #entries { "日志 " span lang="en" { "Entries" } }
            @if room.entries.is_empty() {
                p { "日志里还没有记录。" br; span lang="en" { "The log has no entry yet." } }
            }
            ul { @for entry in &room.entries { (line(room, entry)) } }
        }
    }
}

fn verdict(room: &Room) -> Markup {
    html! {
        p role="status" data-found=(room.found.is_some()) {
            @match room.found.as_ref().map(|finding| (finding, changed_place(finding))) {
                None => { b { "日志完好 ✓ " span lang="en" { "The log is in order" } } }
                Some((_, Some(place))) => {
                    strong { "发现第 " (place) " 条被改 " span lang="en" { "Entry " (place) " was changed" } }
                }
                Some((finding, None)) => { strong { "日志被改 " span lang="en" { (finding) } } }
            }
        }
    }
}

fn line(room: &Room, entry: &Entry) -> Markup {
    let is_changed = room.changed() == Some(entry.index);
    html! {
        li data-entry=(entry.index) {
            h3 { "№ " (entry.index) " " (entry.action) }
            dl {
                div { dt { "对象 " span lang="en" { "subject" } } dd.long { (entry.subject) } }
                @for (name, value) in entry.details() { div { dt { (name) } dd.long { (value) } } }
            }
            @if is_changed {
                form method="post" action="/put-back" {
                    input type="hidden" name="place" value=(entry.index);
                    button { "改回去 " span lang="en" { "Put it back" } }
                }
            } @else if room.found.is_none() {
                form method="post" action="/change" {
                    input type="hidden" name="place" value=(entry.index);
                    button.quiet { "改数字 " span lang="en" { "Change its figures" } }
                }
            }
        }
    }
}

const SITE: Neighbour =
    Neighbour {
        title: "档案室 · Records room", style: "/cards.css", heading: ("档案室", "Records room")
    };

#[cfg(test)]
mod tests {
    use ledger::Timestamp;

    use super::*;

    #[test]
    fn a_changed_entry_says_something_else_and_changed_twice_the_same_again() {
        let details = [("amount", "12.50 CNY".to_owned()), ("reason", "monthly fee".to_owned())];
        for details in [&details[..], &details[1..]] {
            let entry = Entry::new((3, Timestamp(7)), "a1", "fee.noted", "0190-3f", details);
            assert_ne!(turned(&entry), entry);
            assert_eq!(turned(&turned(&entry)), entry);
        }
    }
}
