//! An installation that issues card purses: an open key, a terminal with its security module, and cards that are made from
//! the files that the server gives.

use std::path::Path;

use card_reader::reader::Reader;
use globalplatform::apdu::Command;
use messages::card::{
    AlgorithmId, Asn, BatchNumber, DateTime, DebitKind, IssuerId, KeyVersion, Outcome, PurseRecord, Sequence,
    Tac, TerminalId, TerminalTransaction, Units,
    batch::{BatchClosing, BatchLink, BatchTally, ListsHeld},
};
use operations::card_purses::{ISSUER, issuing};
use operations::duties::{self, OperatorRole};
use operations::key_ceremony::{self, Purpose};
use operations::staff::NewStaff;
use pki::KeyPair;
use purse::amount::Amount;
use records::principals::Language;
use serde_json::{Value, json};
use virtual_card::personalisation::Personalisation;
use virtual_card::plugged::PluggedCard;
use virtual_card::reader::InProcess;
use virtual_card::tap::{self, Sale, Till};
use wallet::ids::PrincipalId;

use crate::world::{Answer, Person, World, call};

/// The terminal's number, and what its batches are signed with.
pub(crate) const TERMINAL: &str = "0000a1000001";
const TERMINAL_ID: TerminalId = TerminalId([0, 0, 0xa1, 0, 0, 1]);
const TERMINAL_SEED: [u8; 32] = [7; 32];
/// Version of the keys of cards that are made here.
const KEY_VERSION: u8 = 1;
/// The terminal's clock.
const WHEN: [u8; 7] = [0x20, 0x26, 0x11, 0x22, 0x17, 0x00, 0x00];

/// A card in a reader.
pub(crate) struct Plastic {
    pub(crate) number: String,
    /// What binds it.
    pub(crate) code: String,
    reader: InProcess<PluggedCard>,
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

fn made(file: &str, path: &Path) -> InProcess<PluggedCard> {
    InProcess(PluggedCard::make(&Personalisation::read(file).unwrap(), path).unwrap())
}

/// Two of three custodians open a key for card purses.
pub(crate) async fn open_key(world: &World) {
    let operations = world.app.operations();
    let founder = world.operator.id;
    let hire = async |login: &str, role| {
        let new = NewStaff {
            login: login.to_owned(),
            name: login.to_owned(),
            latin_name: None,
            language: Language::English,
            password_hash: None,
        };
        duties::hire(operations, founder, new, role).await.unwrap()
    };
    let custodians: [PrincipalId; 3] = [
        founder,
        hire("key-keeper", OperatorRole::Risk).await,
        hire("key-holder", OperatorRole::Auditor).await,
    ];
    let id = key_ceremony::begin(operations, founder, Purpose::CardPurses, &custodians).await.unwrap();
    let mut shares = Vec::new();
    for who in custodians {
        let share = key_ceremony::own_share(operations, who, id).await.unwrap();
        key_ceremony::keep_share(operations, who, id, &share).await.unwrap();
        shares.push((who, share));
    }
    for (who, share) in shares.iter().take(2) {
        key_ceremony::bring_share(operations, *who, id, share).await.unwrap();
    }
}

/// A batch of so many cards. Its id.
pub(crate) async fn order_batch(world: &World, operator: &Person, count: u32) -> String {
    let body = json!({"count": count, "currency": "CNY", "label": "spring", "valid_years": 5});
    let made = world.post("/api/v1/operator/card-batches", operator, &body).await;
    made.assert_status(201).text_of("id")
}

/// The cards of a batch, made from the files that the operator downloads.
pub(crate) async fn make_cards(world: &World, batch: &str) -> Vec<Plastic> {
    let path = format!("/operator/card-batches/{batch}/cards.jsonl");
    let files = world.get(&path, &world.operator).await.assert_status(200).text;
    let (_, issued) = issuing::batch(world.app.operations(), batch.parse().unwrap()).await.unwrap();
    let card = |(file, card): (&str, &issuing::IssuedCard)| {
        let number = issuing::number_text(card.asn);
        let path = world.directory.0.join(format!("card-{number}"));
        Plastic { number, code: card.activation_code.clone().unwrap(), reader: made(file, &path) }
    };
    files.lines().zip(&issued).map(card).collect()
}

/// Registers the terminal for the tea house.
pub(crate) async fn register(world: &World, operator: &Person) -> Answer {
    let key = KeyPair::from_seed(&TERMINAL_SEED).public().to_bytes();
    let body = json!({
        "id": TERMINAL, "merchant": world.tea.to_string(), "label": "counter 1", "public_key": hex(&key),
    });
    world.post("/api/v1/operator/terminals", operator, &body).await
}

/// The terminal's security module, made from the file that the operator downloads.
pub(crate) async fn security_module(world: &World) -> InProcess<PluggedCard> {
    let path = format!("/operator/terminals/{TERMINAL}/security-module.json");
    let file = world.get(&path, &world.operator).await.assert_status(200).text;
    let mut module = made(&file, &world.directory.0.join("module"));
    tap::open_module(&mut module, issuing::SECURITY_MODULE_FILE).unwrap();
    module
}

/// The `Authorization` of a key with these scopes.
pub(crate) async fn bearer(world: &World, person: &Person, scopes: &Value) -> String {
    let body = json!({"label": "counter 1", "scopes": scopes});
    let made = call("POST", "/api/v1/api-keys").by(person).json(&body).send(&world.router).await;
    format!("Bearer {}", made.assert_status(201).text_of("key"))
}

/// What a terminal asks of the server, with this `Authorization`.
pub(crate) async fn post_as(world: &World, bearer: &str, path: &str, body: &Value) -> Answer {
    let path = format!("/api/v1/terminals/{TERMINAL}{path}");
    call("POST", path).header("authorization", bearer).json(body).send(&world.router).await
}

impl Plastic {
    /// The reader with the card.
    pub(crate) const fn reader(&mut self) -> &mut InProcess<PluggedCard> {
        &mut self.reader
    }

    fn send(&mut self, header: [u8; 4], data: &[&[u8]]) -> Vec<u8> {
        let data = data.concat();
        let command = Command::new(header, &data, Some(256)).unwrap();
        let answer = self.reader.transmit(&command).unwrap();
        assert!(answer.status().is_success(), "{header:02x?}: {}", answer.status());
        answer.data().to_vec()
    }

    /// Holds the card to the terminal.
    pub(crate) fn select(&mut self) {
        self.send([0x00, 0xA4, 0x04, 0x00], &[&issuing::PURSE_AID]);
    }

    /// INITIALIZE FOR LOAD or UNLOAD: what the terminal tells the server.
    pub(crate) fn initialise(&mut self, direction: &str, amount: u32, order: Option<&str>) -> Value {
        let p1 = if direction == "load" { 0x00 } else { 0x05 };
        let said = self.send([0x80, 0x50, p1, 0x02], &[&[1], &amount.to_be_bytes(), &TERMINAL_ID.0]);
        let number = |at: usize| u32::from_be_bytes(said[at..at + 4].try_into().unwrap());
        let mut body = json!({
            "direction": direction, "card": self.number, "issuer": hex(&ISSUER.0), "amount": amount,
            "old_balance": number(0), "sequence": u16::from_be_bytes([said[4], said[5]]),
            "key_version": said[6], "algorithm": said[7], "random": hex(&said[8..12]), "mac1": hex(&said[12..16]),
        });
        if let Some(order) = order {
            body["order"] = json!(order);
        }
        body
    }

    /// MAC2 reaches the card. Its code.
    pub(crate) fn deliver(&mut self, direction: &str, answer: &Value) -> String {
        let header = if direction == "load" { [0x80, 0x52, 0, 0] } else { [0x80, 0x54, 0x03, 0] };
        let part = |name: &str| bytes(answer[name].as_str().unwrap());
        hex(&self.send(header, &[&part("date_time"), &part("mac2")])[..4])
    }

    /// The card takes what brings it a grade.
    pub(crate) fn take_grade(&mut self, token: &str) {
        self.send([0x80, 0xDA, 0, 0], &[&bytes(token)]);
    }

    pub(crate) fn balance(&mut self) -> u32 {
        u32::from_be_bytes(self.send([0x80, 0x5C, 0x00, 0x02], &[])[..4].try_into().unwrap())
    }

    /// Pays at the terminal without a network.
    pub(crate) fn pay(&mut self, module: &mut impl Reader, amount: u32) -> PurseRecord {
        let till = Till {
            aid: &issuing::PURSE_AID,
            terminal: purse::fields::TerminalId(TERMINAL_ID.0),
            key_index: 1,
        };
        let sale = Sale { amount: Amount::new(amount), when: purse::fields::DateTime(WHEN) };
        let receipt = tap::tap(&mut self.reader, module, &till, &sale).unwrap();
        PurseRecord {
            issuer: IssuerId(ISSUER.0),
            asn: Asn(receipt.attempt.asn.0),
            kind: DebitKind::Purchase,
            amount: Units(amount),
            balance_before: Units(receipt.attempt.balance.units()),
            sequence: Sequence(receipt.attempt.sequence.0),
            terminal: TERMINAL_ID,
            transaction: TerminalTransaction(receipt.attempt.transaction.0),
            when: DateTime(WHEN),
            key_version: KeyVersion(KEY_VERSION),
            algorithm: AlgorithmId(0),
            outcome: Outcome::Done(Tac(receipt.tac.0.0)),
            split: None,
        }
    }
}

/// Records as a batch that the terminal has signed.
pub(crate) fn batch(number: u32, records: &[PurseRecord]) -> Vec<u8> {
    let mut tally = BatchTally::default();
    let content: Vec<u8> = records.iter().flat_map(|record| tally.add(record).unwrap()).collect();
    let closing = BatchClosing {
        terminal: TERMINAL_ID,
        number: BatchNumber(number),
        clock: DateTime(WHEN),
        lists: ListsHeld::default(),
        previous: BatchLink::NONE,
    };
    let header = tally.header(&closing).signed(&KeyPair::from_seed(&TERMINAL_SEED));
    [header.to_bytes().as_slice(), &content].concat()
}
