//! `sycee bench day-end`: the batches of many terminals, cleared as a server clears them, then uploaded once more.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use issuer::purse_card::CardIdentity;
use issuer::sample::Sample;
use ledger::{Amount as Minor, BATCH_MAX, Request, Response, Transfer, TransferId};
use messages::card::batch::{BatchClosing, BatchLink, BatchTally, ListsHeld};
use messages::card::{Asn, BatchNumber, DateTime, IssuerId, PurseRecord, TerminalId};
use money::Currency;
use operations::card_purses::issuing::{self, BatchRequest, IssueBatch};
use operations::card_purses::terminals::{self, NewTerminal};
use operations::card_purses::{clearing, equation, keys};
use operations::duties::{self, OperatorRole};
use operations::holders::{self, NewHolder};
use operations::key_ceremony::{self, Purpose};
use operations::merchants::{self, NewBank, NewMerchant};
use operations::staff::NewStaff;
use operations::{OperationError, Operations};
use pki::KeyPair;
use records::card_purses::{self as cards, CardPurse};
use records::principals::{Language, Theme};
use serde::Serialize;
use server::ServeOptions;
use wallet::ids::{BankId, HolderId, PrincipalId};
use wallet::{chart, purse_chart};

use super::figures::{memory, rounded};
use super::payments::ask;
use super::scratch::Scratch;
use crate::exit::Failure;

const FOUNDER: PrincipalId = PrincipalId::new(1);
const BANK: BankId = BankId::new(2);
const CURRENCY: Currency = Currency::CNY;
/// Cards written in one step.
const PAGE: usize = 5_000;

#[derive(Debug, Args)]
pub(crate) struct DayEndOptions {
    /// How many records in all
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    records: u32,
    /// How many records of each card
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    debits: u16,
    /// How many terminals upload, one after the other
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..))]
    terminals: u8,
    /// Directory for the server's data; default: the system's temporary directory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    records: u64,
    cards: u32,
    terminals: u8,
    seconds: f64,
    records_per_s: f64,
    reupload_seconds: f64,
    /// Transfers that the second upload made.
    reupload_transfers: u64,
    memory_bytes: u64,
    memory_peak_bytes: u64,
}

pub(crate) fn run(options: &DayEndOptions) -> Result<(), Failure> {
    let scratch = Scratch::new(options.data.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let app = runtime
        .block_on(server::open(ServeOptions::embedded(scratch.join("server"))))
        .map_err(|error| Failure::unavailable(error.to_string()))?;
    let report = runtime.block_on(measure(app.operations(), options))?;
    let mut output = io::stdout().lock();
    if options.json {
        writeln!(output, "{}", serde_json::to_string(&report).map_err(failed)?)?;
    } else {
        writeln!(
            output,
            "{} records of {} cards from {} terminals in {} s: {} records/s\nuploaded again in {} s: {} transfers\n\
             memory: {} MiB, at most {} MiB",
            report.records,
            report.cards,
            report.terminals,
            report.seconds,
            report.records_per_s,
            report.reupload_seconds,
            report.reupload_transfers,
            report.memory_bytes >> 20,
            report.memory_peak_bytes >> 20
        )?;
    }
    Ok(())
}

fn failed(error: impl ToString) -> Failure {
    Failure::software(error.to_string())
}

async fn measure(operations: &Operations, options: &DayEndOptions) -> Result<Report, Failure> {
    let sample = Sample {
        cards: options.records.div_ceil(u32::from(options.debits)),
        debits: options.debits,
        terminals: options.terminals,
    };
    let holder = found(operations, options.terminals).await.map_err(failed)?;
    issue(operations, sample, holder).await?;
    let keys = keys::open(operations).await.map_err(failed)?;
    let batches = batches(sample, keys.store());
    let records = u64::from(sample.cards) * u64::from(sample.debits);
    let seconds = upload(operations, &batches).await?;
    let before = transfers(operations)?;
    let reupload_seconds = upload(operations, &batches).await?;
    let reupload_transfers = transfers(operations)? - before;
    check(operations, records).await?;
    let memory = memory();
    Ok(Report {
        records,
        cards: sample.cards,
        terminals: options.terminals,
        seconds: rounded(seconds, 3),
        records_per_s: rounded(records as f64 / seconds, 0),
        reupload_seconds: rounded(reupload_seconds, 3),
        reupload_transfers,
        memory_bytes: memory.resident,
        memory_peak_bytes: memory.peak,
    })
}

/// An operator with an open key, a shop with its terminals, and somebody whose all the cards are.
async fn found(operations: &Operations, terminals: u8) -> Result<HolderId, OperationError> {
    let person = |login: &str| NewStaff {
        login: login.to_owned(),
        name: login.to_owned(),
        latin_name: None,
        language: Language::English,
        password_hash: None,
    };
    duties::hire_founder(operations, FOUNDER, person("founder")).await?;
    let risk = duties::hire(operations, FOUNDER, person("risk"), OperatorRole::Risk).await?;
    let auditor = duties::hire(operations, FOUNDER, person("auditor"), OperatorRole::Auditor).await?;
    open_key(operations, [FOUNDER, risk, auditor]).await?;
    let (code, name) = ("bench".to_owned(), "Bench".to_owned());
    let bank = NewBank { id: BANK, code: code.clone(), name_zh: name.clone(), name_en: name.clone() };
    merchants::add_bank(operations, bank).await?;
    let shop = NewMerchant { code, name_zh: name.clone(), name_en: name, category: "food".to_owned() };
    let merchant = merchants::admit(operations, shop).await?;
    for number in 0..terminals {
        let public_key = terminal_key(number).public().to_bytes();
        let label = format!("terminal {number}");
        let new = NewTerminal { id: Sample::terminal(number), merchant, label, public_key };
        terminals::register(operations, FOUNDER, new).await?;
    }
    let holder = NewHolder {
        login: "holder".to_owned(),
        phone: None,
        name: "Holder".to_owned(),
        latin_name: None,
        language: Language::English,
        theme: Theme::System,
        password_hash: None,
        currency: CURRENCY,
    };
    holders::register(operations, holder).await
}

async fn open_key(operations: &Operations, custodians: [PrincipalId; 3]) -> Result<(), OperationError> {
    let id = key_ceremony::begin(operations, FOUNDER, Purpose::CardPurses, &custodians).await?;
    let mut shares = Vec::new();
    for who in custodians {
        let share = key_ceremony::own_share(operations, who, id).await?;
        key_ceremony::keep_share(operations, who, id, &share).await?;
        shares.push((who, share));
    }
    for (who, share) in shares.iter().take(2) {
        key_ceremony::bring_share(operations, *who, id, share).await?;
    }
    Ok(())
}

fn terminal_key(number: u8) -> KeyPair {
    KeyPair::from_seed(&[number; 32])
}

/// Cards with what they will spend, in the ledger and in the records.
async fn issue(operations: &Operations, sample: Sample, holder: HolderId) -> Result<(), Failure> {
    let request = BatchRequest { count: 1, currency: CURRENCY, label: "bench".to_owned(), valid_years: 1 };
    let key = "bench".parse().map_err(failed)?;
    let batch = issuing::order_batch(operations, FOUNDER, &key, request).await.map_err(failed)?;
    let identities: Vec<CardIdentity> = sample.cards().map(|card| *card.identity()).collect();
    let ledger = &*operations.services().ledger;
    let shared =
        vec![purse_chart::excess(CURRENCY), purse_chart::register(CURRENCY), chart::refund_control(CURRENCY)];
    ask(ledger, Request::CreateAccounts(shared))?;
    for page in identities.chunks(BATCH_MAX) {
        let accounts = page.iter().map(|identity| purse_chart::purse(&identity.name(), CURRENCY)).collect();
        ask(ledger, Request::CreateAccounts(accounts))?;
        let loads = page.iter().map(|identity| load(identity, sample.debits)).collect();
        ask(ledger, Request::CreateTransfers(loads))?;
    }
    for page in identities.chunks(PAGE) {
        let rows: Vec<CardPurse> =
            page.iter().map(|identity| row(identity, &batch, holder, sample.debits)).collect();
        let written = operations
            .services()
            .records
            .write(move |sql| rows.iter().try_for_each(|row| cards::insert(sql, row)));
        written.await.map_err(failed)?;
    }
    Ok(())
}

fn load(identity: &CardIdentity, units: u16) -> Transfer {
    let purse = purse_chart::purse_id(&identity.name(), CURRENCY);
    Transfer {
        id: TransferId(purse.0),
        debit_account_id: chart::bank_id(BANK, CURRENCY),
        credit_account_id: purse,
        amount: Minor(u128::from(units)),
        ledger: chart::money_ledger(CURRENCY),
        code: chart::LOAD_CREDITED,
        ..Transfer::default()
    }
}

fn row(identity: &CardIdentity, batch: &IssueBatch, holder: HolderId, units: u16) -> CardPurse {
    CardPurse {
        asn: Asn(identity.asn.0),
        issuer: IssuerId(identity.issuer),
        batch: batch.id,
        currency: CURRENCY,
        holder: Some(holder),
        code_attempts: 0,
        own: u64::from(units),
        excess: 0,
        excess_since: None,
        listed: None,
        is_closed: false,
        online_sequence: messages::card::Sequence(0),
        online: Vec::new(),
        moved: Vec::new(),
        postings: None,
        last_seen: None,
        revision: 0,
    }
}

/// A signed batch for each terminal.
fn batches(sample: Sample, keys: &issuer::master_keys::SoftwareKeyStore) -> Vec<(TerminalId, Vec<u8>)> {
    let mut by_terminal: BTreeMap<TerminalId, Vec<PurseRecord>> = BTreeMap::new();
    for record in sample.records(keys) {
        by_terminal.entry(record.terminal).or_default().push(record);
    }
    let signed = |(number, (terminal, records)): (u8, (TerminalId, Vec<PurseRecord>))| {
        let mut tally = BatchTally::default();
        let content: Vec<u8> = records.iter().filter_map(|record| tally.add(record)).flatten().collect();
        let closing = BatchClosing {
            terminal,
            number: BatchNumber(1),
            clock: DateTime([0x20, 0x26, 0x11, 0x22, 0x23, 0x59, 0x59]),
            lists: ListsHeld::default(),
            previous: BatchLink::NONE,
        };
        let header = tally.header(&closing).signed(&terminal_key(number));
        (terminal, [header.to_bytes().as_slice(), &content].concat())
    };
    (0..).zip(by_terminal).map(signed).collect()
}

/// How long all batches take, one after the other.
async fn upload(operations: &Operations, batches: &[(TerminalId, Vec<u8>)]) -> Result<f64, Failure> {
    let begin = Instant::now();
    for (terminal, batch) in batches {
        clearing::upload(operations, *terminal, batch).await.map_err(failed)?;
    }
    Ok(begin.elapsed().as_secs_f64())
}

/// How many transfers the ledger's register and sellers have seen: each record is one debit there.
fn transfers(operations: &Operations) -> Result<u64, Failure> {
    let ids = vec![purse_chart::register_id(CURRENCY)];
    match ask(&*operations.services().ledger, Request::LookupAccounts(ids))? {
        Response::Accounts(accounts) => {
            let noted = accounts.first().map_or(0, |register| register.credits_posted.0);
            u64::try_from(noted).map_err(failed)
        }
        _ => Err(Failure::software("the ledger answered another question")),
    }
}

/// Every record was paid once, and nothing is left on the cards.
async fn check(operations: &Operations, records: u64) -> Result<(), Failure> {
    let paid = transfers(operations)?;
    let figures = equation::figures(operations).await.map_err(failed)?;
    let adds_up = figures.iter().all(|figures| figures.difference() == 0 && figures.float() == 0);
    if paid == records && adds_up {
        return Ok(());
    }
    Err(Failure::software(format!("{paid} of {records} records were paid: {figures:?}")))
}
