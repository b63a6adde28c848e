//! `sycee purse collect`: a card shows that it is there and what it gave up, and takes what its issuer has for it.

use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::{Method, StatusCode};
use host_client::{Client, Request};
use money::Amount as Money;
use purse::vtp::AuthorityKind;
use purse_to_purse::{Certificates, HeldPurse, Trouble};
use serde_json::{Value, json};

use super::meeting::said;
use super::{hex, unhex};
use crate::exit::Failure;
use crate::held_card::held_card;

const STRANGE: &str = "the server answered something that is no message for a card";

const EARLIER: &str = "an unload asked for earlier is in the wallet now; nothing more was unloaded: run this again to unload more";

/// What the issuer has for a card.
struct Told {
    /// What it says, in its order.
    messages: Vec<(AuthorityKind, Vec<u8>)>,
    /// New certificates and their last day, where the card's end soon.
    renewed: Option<(Certificates, String)>,
}

const COLLECT: &str = "/api/v1/transfer-purses/messages";
const UNLOAD: &str = "/api/v1/transfer-purses/unloads";

pub(super) fn run(card: &str, url: &str) -> Result<(), Failure> {
    let client = Client::new(url, None).map_err(Failure::bad_data)?;
    let mut reader = held_card(card)?;
    let told = collect(&client, &mut HeldPurse::select(&mut *reader)?)?;
    let mut out = io::stdout().lock();
    if told.messages.is_empty() && told.renewed.is_none() {
        writeln!(out, "nothing waits for this card")?;
    }
    for (kind, _) in &told.messages {
        writeln!(out, "{}", taken(*kind))?;
    }
    if let Some((_, last_day)) = &told.renewed {
        writeln!(out, "new certificates taken: other cards believe this one until {last_day}")?;
    }
    Ok(())
}

/// `sycee purse unload`: the card takes what waits for it, gives an amount back, and shows that it has.
pub(super) fn unload(card: &str, url: &str, amount: Money) -> Result<(), Failure> {
    let client = Client::new(url, None).map_err(Failure::bad_data)?;
    let mut reader = held_card(card)?;
    let mut purse = HeldPurse::select(&mut *reader)?;
    let waited = collect(&client, &mut purse)?;
    if waited.messages.iter().any(|(kind, _)| *kind == AuthorityKind::Unload) {
        // Asked for before and cut short: whoever asks for it again does not mean it twice.
        collect(&client, &mut purse)?;
        return Ok(writeln!(io::stdout(), "{EARLIER}")?);
    }
    let request = json!({
        "amount": amount.minor(),
        "currency": amount.currency().code(),
        "report": report(&mut purse)?,
    });
    take(&mut purse, &fetch(&client, UNLOAD, &request)?)?;
    collect(&client, &mut purse)?;
    Ok(writeln!(io::stdout(), "unloaded {} {} to the wallet", amount.decimal(), amount.currency().code())?)
}

fn collect(client: &Client, purse: &mut HeldPurse<'_>) -> Result<Told, Failure> {
    let told = fetch(client, COLLECT, &report(purse)?)?;
    take(purse, &told)?;
    Ok(told)
}

fn take(purse: &mut HeldPurse<'_>, told: &Told) -> Result<(), Trouble> {
    told.messages.iter().try_for_each(|(kind, data)| purse.take_from_issuer(*kind, data))?;
    told.renewed.iter().try_for_each(|(certificates, _)| purse.renew(certificates))
}

/// What a message did, in words.
const fn taken(kind: AuthorityKind) -> &'static str {
    match kind {
        AuthorityKind::Load => "a load collected",
        AuthorityKind::Unload => "an unload given to the wallet, which has it when the card collects again",
        AuthorityKind::ClearExceptions => {
            "what was given up is noted at the issuer; the log of exceptions is empty again"
        }
        AuthorityKind::Synchronise => "what was sent and received is counted from the beginning again",
        _ => "a message of the issuer taken",
    }
}

/// What the card says of itself, over the time.
fn report(purse: &mut HeldPurse<'_>) -> Result<Value, Trouble> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut challenge = [0; 16];
    challenge.iter_mut().zip(seconds.to_be_bytes()).for_each(|(place, byte)| *place = byte);
    let certificates = purse.certificates()?;
    let (report, signature) = purse.report(&challenge)?;
    let exceptions: Vec<Value> = purse
        .signed_exceptions()?
        .iter()
        .map(|(entry, signature)| json!({ "entry": hex(entry), "signature": hex(signature) }))
        .collect();
    Ok(json!({
        "issuer_certificate": hex(&certificates.issuer),
        "certificate": hex(&certificates.purse),
        "challenge": hex(&challenge),
        "report": hex(&report),
        "signature": hex(&signature),
        "exceptions": exceptions,
    }))
}

fn fetch(client: &Client, path: &str, asked: &Value) -> Result<Told, Failure> {
    let request = Request {
        method: Method::POST,
        path,
        content_type: Some("application/json"),
        body: asked.to_string().into_bytes(),
    };
    let answer = client.send(request).map_err(Failure::unavailable)?;
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status != StatusCode::OK {
        return Err(Failure::findings(format!("the server refuses: {}", said(&told, answer.status))));
    }
    told_of(&told).ok_or_else(|| Failure::findings(STRANGE))
}

fn told_of(told: &Value) -> Option<Told> {
    let messages = told["messages"].as_array()?.iter().map(read).collect::<Option<_>>()?;
    let renewed = match &told["renewed"] {
        Value::Null => None,
        renewed => Some((certificates(renewed)?, renewed["valid_until"].as_str()?.to_owned())),
    };
    Some(Told { messages, renewed })
}

fn certificates(renewed: &Value) -> Option<Certificates> {
    let certificate = |name: &str| unhex(renewed[name].as_str()?)?.try_into().ok();
    Some(Certificates { issuer: certificate("issuer_certificate")?, purse: certificate("certificate")? })
}

fn read(message: &Value) -> Option<(AuthorityKind, Vec<u8>)> {
    let kind = AuthorityKind::ALL.into_iter().find(|kind| message["kind"] == kind.byte())?;
    Some((kind, unhex(message["data"].as_str()?)?))
}
