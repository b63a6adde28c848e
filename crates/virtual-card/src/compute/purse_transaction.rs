//! The codes of one purse transaction (PBOC 2.0).

use purse::{
    amount::{Amount, OverdraftLimit},
    fields::{DateTime, Kind, Mac, Sequence, Tac, TerminalId, Terms},
    pboc::{
        key::{Algorithm, Dlk, Dpk, Dtk, Duk, Dulk},
        session::SessionKey,
        transaction::{self, OverdraftChange},
    },
};

use super::{
    computed::Computed,
    entry::{Entry, EntryError, Mistake},
    key_ring::Keys,
    transaction_fields::{self, Family, TransactionFields},
};

const DES: Algorithm = Algorithm::TripleDes;

/// Everything that the fields of the entry allow.
pub(super) fn compute(entry: &Entry, keys: &Keys<'_>, computed: &mut Computed) -> Result<(), EntryError> {
    let fields = transaction_fields::read(entry)?;
    let Some(kind) = computed.need("type", fields.kind) else { return Ok(()) };
    let family = Family::of(kind).ok_or_else(|| EntryError::new("type", Mistake::UnknownValue))?;
    let session = session(family, &fields, keys, computed)?;
    let session = session.as_ref();
    match family {
        Family::Load | Family::Unload => online(kind, session, &fields, keys, computed),
        Family::Purchase => purchase(kind, session, &fields, keys, computed),
        Family::Overdraft => overdraft(session, &fields, keys, computed),
    }
}

fn session(
    family: Family,
    fields: &TransactionFields,
    keys: &Keys<'_>,
    computed: &mut Computed,
) -> Result<Option<SessionKey>, EntryError> {
    let name = family.key_name();
    let key = keys.of_session(name, computed)?;
    let key = computed.need(name, key);
    let random = computed.need("rand", fields.random);
    let sequence = computed.need(family.sequence_name(), fields.sequence);
    let number = if family == Family::Purchase { computed.need("term_seq", fields.number) } else { None };
    let (Some(key), Some(random), Some(sequence)) = (key, random, sequence) else { return Ok(None) };
    let session = match (family, number) {
        (Family::Load, _) => SessionKey::online(&Dlk::new(key), DES, random, sequence),
        (Family::Unload, _) => SessionKey::online(&Dulk::new(key), DES, random, sequence),
        (Family::Overdraft, _) => SessionKey::online(&Duk::new(key), DES, random, sequence),
        (Family::Purchase, Some(number)) => {
            SessionKey::offline(&Dpk::new(key), DES, random, sequence, number)
        }
        (Family::Purchase, None) => return Ok(None),
    };
    computed.value(if family == Family::Purchase { "SESPK" } else { "SESLK" }, session.expose());
    Ok(Some(session))
}

fn terms(kind: Kind, fields: &TransactionFields, computed: &mut Computed) -> Option<Terms> {
    let amount = computed.need("amount", fields.amount);
    let terminal = computed.need("term", fields.terminal);
    Some(Terms { amount: amount?, kind, terminal: terminal? })
}

/// A load or an unload.
fn online(
    kind: Kind,
    session: Option<&SessionKey>,
    fields: &TransactionFields,
    keys: &Keys<'_>,
    computed: &mut Computed,
) -> Result<(), EntryError> {
    let terms = terms(kind, fields, computed);
    let balance = computed.need("old_balance", fields.balance);
    let is_load = Family::of(kind) == Some(Family::Load);
    if let (Some(session), Some(terms)) = (session, &terms) {
        if let Some(balance) = balance {
            mac(computed, "MAC1", transaction::load_mac1(session, balance, terms));
        }
        if let Some(when) = fields.when {
            mac(computed, "MAC2", transaction::load_mac2(session, terms, &when));
        }
    }
    let codes = if is_load { codes(fields.when, keys, computed)? } else { None };
    let (Some(terms), Some(when), Some(balance), Some(sequence)) =
        (terms, fields.when, balance, fields.sequence)
    else {
        return Ok(());
    };
    let after = balance_after(fields, || {
        if is_load { balance.checked_add(terms.amount) } else { balance.checked_sub(terms.amount) }
    })?;
    if let Some(codes) = codes {
        tac(computed, transaction::load_tac(&codes, after, sequence, &terms, &when));
    }
    if let Some(session) = session.filter(|_| !is_load) {
        mac(computed, "MAC3", transaction::unload_mac3(session, after, sequence, &terms, &when));
    }
    Ok(())
}

fn purchase(
    kind: Kind,
    session: Option<&SessionKey>,
    fields: &TransactionFields,
    keys: &Keys<'_>,
    computed: &mut Computed,
) -> Result<(), EntryError> {
    let terms = terms(kind, fields, computed);
    if let (Some(session), Some(terms)) = (session, &terms) {
        if let Some(when) = fields.when {
            mac(computed, "MAC1", transaction::purchase_mac1(session, terms, &when));
        }
        mac(computed, "MAC2", transaction::purchase_mac2(session, terms.amount));
    }
    let codes = codes(fields.when, keys, computed)?;
    if let (Some(codes), Some(terms), Some(number), Some(when)) = (codes, terms, fields.number, fields.when) {
        tac(computed, transaction::purchase_tac(&codes, &terms, number, &when));
    }
    Ok(())
}

fn overdraft(
    session: Option<&SessionKey>,
    fields: &TransactionFields,
    keys: &Keys<'_>,
    computed: &mut Computed,
) -> Result<(), EntryError> {
    let terminal = computed.need("term", fields.terminal);
    let balance = computed.need("old_balance", fields.balance);
    let old = computed.need("old_limit", fields.old_limit);
    let new = if fields.when.is_some() { computed.need("new_limit", fields.new_limit) } else { None };
    if let (Some(session), Some(terminal)) = (session, &terminal) {
        if let (Some(balance), Some(old)) = (balance, old) {
            mac(computed, "MAC1", transaction::overdraft_mac1(session, balance, old, terminal));
        }
        if let (Some(new), Some(when)) = (new, fields.when) {
            mac(computed, "MAC2", transaction::overdraft_mac2(session, new, terminal, &when));
        }
    }
    let codes = codes(fields.when, keys, computed)?;
    let (Some(terminal), Some(balance), Some(old), Some(new)) = (terminal, balance, old, new) else {
        return Ok(());
    };
    let change = overdraft_change(fields, terminal, balance, [old, new])?;
    if let (Some(codes), Some(change)) = (codes, change) {
        tac(computed, transaction::overdraft_tac(&codes, &change));
    }
    Ok(())
}

/// What can be spent moves with the limit.
fn overdraft_change(
    fields: &TransactionFields,
    terminal: TerminalId,
    balance: Amount,
    [old, new]: [OverdraftLimit; 2],
) -> Result<Option<OverdraftChange>, EntryError> {
    let new_balance = balance_after(fields, || {
        balance.checked_add(new.amount()).and_then(|raised| raised.checked_sub(old.amount()))
    })?;
    let change = |sequence: Sequence, when: DateTime| OverdraftChange {
        new_balance,
        sequence,
        new_limit: new,
        terminal,
        when,
    };
    Ok(fields.sequence.zip(fields.when).map(|(sequence, when)| change(sequence, when)))
}

/// The balance after a transaction: what the entry says, or what follows from it.
fn balance_after(
    fields: &TransactionFields,
    follows: impl FnOnce() -> Option<Amount>,
) -> Result<Amount, EntryError> {
    let after = fields.new_balance.or_else(follows);
    after.ok_or_else(|| EntryError::new("old_balance", Mistake::BalanceOutOfRange))
}

/// The key of TACs, from DTK: needed where the transaction came to its second phase, computed wherever the entry has it.
fn codes(
    when: Option<DateTime>,
    keys: &Keys<'_>,
    computed: &mut Computed,
) -> Result<Option<SessionKey>, EntryError> {
    let key = match when {
        Some(_) => {
            let key = keys.of_codes(computed)?;
            computed.need("DTK", key)
        }
        None => keys.own_of_codes()?,
    };
    Ok(key.map(|key| {
        let codes = SessionKey::of_transaction_codes(&Dtk::new(key), DES);
        computed.value("TAC_key", codes.expose());
        codes
    }))
}

fn mac(computed: &mut Computed, name: &str, mac: Mac) {
    computed.value(name, &mac.0);
}

fn tac(computed: &mut Computed, Tac(mac): Tac) {
    computed.value("TAC", &mac.0);
}
