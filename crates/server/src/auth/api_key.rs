//! API keys: for programs that call the API in a principal's name.

use ledger::Timestamp;
use records::api_keys;
use records::principals::{self, PrincipalStatus};
use wallet::ids::{ApiKeyId, PrincipalId};

use super::caller::{Caller, Means};
use super::token::{API_KEY_PREFIX, TokenHash, new_token};
use crate::App;
use crate::problem::{Problem, internal};

/// A key just made. The text is known only here and to the client.
pub(crate) struct NewApiKey {
    pub(crate) id: ApiKeyId,
    pub(crate) key: String,
}

/// Makes a key that acts for `owner`.
pub(crate) async fn create_api_key(app: &App, owner: PrincipalId, label: String) -> Result<NewApiKey, Problem> {
    let key = new_token(API_KEY_PREFIX, app.entropy());
    let row = api_keys::NewApiKey {
        id: ApiKeyId::new(app.random_bits()),
        principal: owner,
        key_hash: TokenHash::of(&key).0,
        label,
        created_at: app.now(),
    };
    let id = row.id;
    app.records().write(move |sql| api_keys::insert(sql, &row)).await.map_err(internal)?;
    Ok(NewApiKey { id, key })
}

/// Ends a key of `owner`. Says whether there was one.
pub(crate) async fn revoke_api_key(app: &App, owner: PrincipalId, key: ApiKeyId) -> Result<bool, Problem> {
    let now = app.now();
    let revoked = app.records().write(move |sql| api_keys::revoke(sql, owner, key, now)).await.map_err(internal)?;
    app.callers().forget(owner);
    Ok(revoked)
}

/// The caller behind an API key, unless it was revoked.
pub(super) async fn find(app: &App, token: TokenHash, _now: Timestamp) -> Result<Option<Caller>, Problem> {
    let found = app
        .records()
        .read(move |sql| {
            let Some(key) = api_keys::by_hash(sql, &token.0)? else { return Ok(None) };
            Ok(principals::get(sql, key.principal)?.map(|principal| (key, principal)))
        })
        .await
        .map_err(internal)?;
    let usable = found.filter(|(key, principal)| {
        key.revoked_at.is_none() && principal.status == PrincipalStatus::Active
    });
    Ok(usable.map(|(key, principal)| Caller {
        principal: principal.id,
        role: principal.role,
        merchant: principal.merchant,
        means: Means::ApiKey(key.id),
        token,
    }))
}
