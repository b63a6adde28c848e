//! API keys: for programs that call the API in a principal's name.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use operations::audit_log;
use records::api_keys::{self, ApiKey};
use records::principals::{self, PrincipalStatus};
use wallet::ids::{ApiKeyId, PrincipalId};

use super::caller::{Caller, Means};
use super::scope::Scopes;
use super::token::{API_KEY_PREFIX, TokenHash, new_token};
use crate::App;
use crate::problem::{Problem, internal};

/// How stale the time of last use may get before it is written again.
const USED_NANOSECONDS: u64 = 60 * NANOSECONDS_PER_SECOND;

/// A key just made. The text is known only here and to the client.
pub(crate) struct NewApiKey {
    pub(crate) id: ApiKeyId,
    pub(crate) key: String,
}

/// How long a key goes on after its rotation, in seconds.
const OVERLAP_SECONDS: u64 = 24 * 3_600;

/// Makes a key that acts for `owner`, within these scopes.
pub(crate) async fn create_api_key(
    app: &App,
    owner: PrincipalId,
    label: String,
    scopes: Scopes,
) -> Result<NewApiKey, Problem> {
    let key = new_token(API_KEY_PREFIX, app.entropy());
    let row = ApiKey {
        id: ApiKeyId::new(app.random_bits()),
        principal: owner,
        key_hash: TokenHash::of(&key).0,
        label,
        created_at: app.now(),
        used_at: None,
        revoked_at: None,
        scopes: scopes.to_text(),
        expires_at: None,
    };
    let id = row.id;
    let details = [("label", row.label.clone()), ("scopes", row.scopes.clone())];
    app.records().write(move |sql| api_keys::insert(sql, &row)).await.map_err(internal)?;
    audit_log::note(app.operations(), owner, "api_key.made", &id.to_string(), &details).await?;
    Ok(NewApiKey { id, key })
}

/// Makes a key with the name and scopes of a key of `owner`, which itself goes on for a day. `None`: there is no such key.
pub(crate) async fn rotate_api_key(
    app: &App,
    owner: PrincipalId,
    key: ApiKeyId,
) -> Result<Option<NewApiKey>, Problem> {
    let known = app.records().read(move |sql| api_keys::list_valid(sql, owner)).await.map_err(internal)?;
    let Some(old) = known.into_iter().find(|row| row.id == key && row.expires_at.is_none()) else {
        return Ok(None);
    };
    let end = Timestamp(app.now().0.saturating_add(OVERLAP_SECONDS * NANOSECONDS_PER_SECOND));
    let expired = app.records().write(move |sql| api_keys::expire(sql, owner, key, end));
    if !expired.await.map_err(internal)? {
        return Ok(None);
    }
    create_api_key(app, owner, old.label, Scopes::from_text(&old.scopes)).await.map(Some)
}

/// Ends a key of `owner`. Says whether there was one.
pub(crate) async fn revoke_api_key(app: &App, owner: PrincipalId, key: ApiKeyId) -> Result<bool, Problem> {
    let now = app.now();
    let revoked =
        app.records().write(move |sql| api_keys::revoke(sql, owner, key, now)).await.map_err(internal)?;
    app.callers().forget(owner);
    if revoked {
        audit_log::note(app.operations(), owner, "api_key.revoked", &key.to_string(), &[]).await?;
    }
    Ok(revoked)
}

/// The caller behind an API key, unless it was revoked.
pub(super) async fn find(app: &App, token: TokenHash, now: Timestamp) -> Result<Option<Caller>, Problem> {
    let found = app
        .records()
        .read(move |sql| {
            let Some(key) = api_keys::find_valid(sql, &token.0, now)? else { return Ok(None) };
            Ok(principals::get(sql, key.principal)?.map(|principal| (key, principal)))
        })
        .await
        .map_err(internal)?;
    let Some((key, principal)) = found.filter(|(_, who)| who.status == PrincipalStatus::Active) else {
        return Ok(None);
    };
    let unused = key.used_at.is_none_or(|used| now.0.saturating_sub(used.0) >= USED_NANOSECONDS);
    if unused {
        app.records().write_later(move |sql| api_keys::touch(sql, key.id, now));
    }
    let means = Means::ApiKey(key.id);
    Ok(Some(Caller {
        principal: principal.id,
        role: principal.role,
        merchant: principal.merchant,
        scopes: Scopes::from_text(&key.scopes),
        means,
        token,
    }))
}
