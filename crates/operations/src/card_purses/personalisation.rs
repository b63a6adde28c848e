//! Personalisation files: what a card or a security module is made from. Format: `docs/spec/virtual-card.md`.

use messages::card::{Asn, TerminalId};
use purse::pboc::key::{self, Algorithm, Key, Purpose};
use records::card_purses as cards;
use records::issue_batches::{self, IssueBatch};
use serde_json::{Value, json};
use wallet::ids::PrincipalId;

use super::issuing::{digits, number_text};
use super::keys::{self, IssuerKeys};
use super::{CardPurseRefusal, ISSUER, card_time, terminals, transfer_purse};
use crate::duties::{self, Permission};
use crate::{OperationError, Operations, Party, audit_log};

/// The name of the purse on a card.
pub const PURSE_AID: [u8; 8] = [0xA0, 0x00, 0x00, 0x06, 0x32, 0x01, 0x01, 0x05];

/// The file identifier of the application that a terminal opens in its security module.
pub const SECURITY_MODULE_FILE: [u8; 2] = [0xDF, 0x01];

const ISSUER_DOMAIN: [u8; 8] = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00];
const SECURITY_DOMAIN: [u8; 7] = *b"\xF0SYCEE\xD1";
const SECURITY_MODULE: [u8; 7] = *b"\xF0SYCEE\x02";
/// The most that a card holds, in minor units.
pub const BALANCE_MAX: u32 = 100_000;
/// The most of one transaction, in minor units.
const TRANSACTION_MAX: u32 = 50_000;
/// One level of diversification (1 << 5), plus 2: what a master key in a security module is.
const MASTER_INDEX: &str = "22";

/// The personalisation file of a card that has no holder yet.
///
/// # Errors
/// [`CardPurseRefusal::BoundBefore`], [`CardPurseRefusal::NoKey`] where its key is not open, which rule the request breaks, or
/// what could not be reached.
pub async fn personalisation(
    operations: &Operations,
    by: PrincipalId,
    asn: Asn,
) -> Result<String, OperationError> {
    duties::require(operations, by, Permission::CardPurses).await?;
    let read = move |sql: &mut dyn records::Sql| {
        let Some(card) = cards::get(sql, asn)? else { return Ok(None) };
        Ok(issue_batches::get(sql, card.batch)?.map(|batch| (card, batch)))
    };
    let (card, batch) =
        operations.records().read(read).await?.ok_or(OperationError::NotFound(Party::CardPurse))?;
    if card.holder.is_some() {
        return Err(CardPurseRefusal::BoundBefore.into());
    }
    let keys = keys::open(operations).await?;
    let file = card_file(operations, &keys, &batch, asn).await?;
    audit_log::note(operations, by, "card_purse.personalised", &number_text(asn), &[]).await?;
    Ok(file.to_string())
}

async fn card_file(
    operations: &Operations,
    keys: &IssuerKeys,
    batch: &IssueBatch,
    asn: Asn,
) -> Result<Value, OperationError> {
    let version = batch.key_version;
    let own = |context| keys.own(version, context, &asn.0);
    let pin = format!("{:06}", u128::from_be_bytes(*own("sycee card purse pin v1")?) % 1_000_000);
    let date = |day| digits(&card_time::written_day(day));
    let purse = json!({
        "aid": digits(&PURSE_AID),
        "file_identifier": "1001",
        "asn": digits(&asn.0),
        "issuer": digits(&ISSUER.0),
        "type": "02",
        "version": "01",
        "start": date(batch.valid_from),
        "expiry": date(batch.valid_until),
        "limits": { "balance_max": BALANCE_MAX, "transaction_max": TRANSACTION_MAX },
        "pin": pin,
        "pin_tries": 3,
        "profile": { "load_needs_pin": false },
        // Where a trip began (SFI 1A): a gate writes it in the same commit as the fare.
        "files": [{ "sfi": "1A", "kind": "records", "record_bytes": 128, "records": 1, "content": ["01"] }],
        "keys": card_keys(keys, version, asn)?,
    });
    Ok(json!({
        "issuer_domain": domain(keys, version, (&ISSUER_DOMAIN, "30"), &asn.0)?,
        "security_domain": domain(keys, version, (&SECURITY_DOMAIN, "20"), &asn.0)?,
        "purse": purse,
        "transfer": transfer_purse::personalisation(operations, keys, batch, asn, &pin).await?,
    }))
}

/// A security domain with its three keys.
fn domain(
    keys: &IssuerKeys,
    version: u8,
    (aid, key_version): (&[u8], &str),
    subject: &[u8],
) -> Result<Value, OperationError> {
    let subject = [aid, subject].concat();
    let own = |context| Ok::<_, OperationError>(digits(&*keys.own(version, context, &subject)?));
    let keys = json!({
        "version": key_version,
        "enc": own("sycee card domain enc v1")?,
        "mac": own("sycee card domain mac v1")?,
        "dek": own("sycee card domain dek v1")?,
    });
    Ok(json!({ "aid": digits(aid), "keys": keys }))
}

/// The keys of the purse, diversified for the card.
fn card_keys(keys: &IssuerKeys, version: u8, asn: Asn) -> Result<Vec<Value>, OperationError> {
    fn one<P: Purpose>(keys: &IssuerKeys, version: u8, asn: Asn) -> Result<Value, OperationError> {
        let factor = purse::fields::Asn(asn.0).factor();
        let key = keys.master::<P>(version)?.diversified(Algorithm::TripleDes, factor);
        Ok(application_key(&key, "01", version))
    }
    Ok(vec![
        one::<key::Load>(keys, version, asn)?,
        one::<key::Purchase>(keys, version, asn)?,
        one::<key::Unload>(keys, version, asn)?,
        one::<key::TransactionCode>(keys, version, asn)?,
        one::<key::Maintenance>(keys, version, asn)?,
        one::<key::PinUnblock>(keys, version, asn)?,
        one::<key::PinReload>(keys, version, asn)?,
        one::<key::Cancel>(keys, version, asn)?,
        one::<key::Parameters>(keys, version, asn)?,
        one::<key::Completion>(keys, version, asn)?,
        one::<key::Grade>(keys, version, asn)?,
    ])
}

fn application_key<P: Purpose>(key: &Key<P>, index: &str, version: u8) -> Value {
    json!({
        "name": P::NAME,
        "index": index,
        "version": digits(&[version]),
        "algorithm": "00",
        "key": digits(key.expose()),
    })
}

/// The master keys of a version that a security module has.
fn module_keys(keys: &IssuerKeys, version: u8) -> Result<[Value; 4], OperationError> {
    Ok([
        application_key(&keys.master::<key::Purchase>(version)?, MASTER_INDEX, version),
        application_key(&keys.master::<key::TransactionCode>(version)?, MASTER_INDEX, version),
        application_key(&keys.master::<key::Cancel>(version)?, MASTER_INDEX, version),
        application_key(&keys.master::<key::Maintenance>(version)?, MASTER_INDEX, version),
    ])
}

/// The personalisation file of a terminal's security module: what checks purchases and cancels, and nothing that loads.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn security_module(
    operations: &Operations,
    by: PrincipalId,
    terminal: TerminalId,
) -> Result<String, OperationError> {
    duties::require(operations, by, Permission::CardPurses).await?;
    let terminal = terminals::active(operations, terminal).await?.id;
    let keys = keys::open(operations).await?;
    let version = keys.newest()?;
    let mut serial = [0; 10];
    serial.iter_mut().skip(4).zip(terminal.0).for_each(|(place, byte)| *place = byte);
    let mut master_keys = Vec::new();
    for version in keys.versions() {
        master_keys.extend(module_keys(&keys, version)?);
    }
    let file = json!({
        "issuer_domain": domain(&keys, version, (&ISSUER_DOMAIN, "30"), &serial)?,
        "security_domain": domain(&keys, version, (&SECURITY_DOMAIN, "20"), &serial)?,
        "security_module": {
            "aid": digits(&SECURITY_MODULE),
            "file_identifier": digits(&SECURITY_MODULE_FILE),
            "serial": digits(&serial),
            "terminal": digits(&terminal.0),
            "minimum_version": "01",
            "ceiling": 1_000_000_000,
            "tries": 15,
            "keys": master_keys,
        },
    });
    audit_log::note(operations, by, "security_module.personalised", &terminals::name(terminal), &[]).await?;
    Ok(file.to_string())
}
