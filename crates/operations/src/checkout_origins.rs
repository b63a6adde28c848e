//! Where checkout may send a buyer back to: only to origins that the merchant has registered, so that a stolen key cannot
//! lead buyers to a stranger.

use records::merchant_origins;
use wallet::ids::MerchantId;

use crate::{OperationError, Operations};

/// The longest return URL, in bytes.
const URL_MAX: usize = 512;

/// The origin of an `http` or `https` URL: scheme, host and port, in lower case.
#[must_use]
pub fn origin_of(url: &str) -> Option<String> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| url.starts_with(scheme))?;
    let rest = url.strip_prefix(scheme)?;
    let host = rest.split(['/', '?', '#']).next()?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let plain =
        url.len() <= URL_MAX && url.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && byte != b'\\');
    (plain && !host.is_empty() && host.bytes().all(allowed))
        .then(|| format!("{scheme}{}", host.to_ascii_lowercase()))
}

/// Whether checkout may send buyers of this merchant to `url`; an empty one sends them nowhere.
///
/// # Errors
/// [`OperationError::ReturnUrlNotRegistered`], or what could not be reached.
pub(crate) async fn check(
    operations: &Operations,
    merchant: MerchantId,
    url: &str,
) -> Result<(), OperationError> {
    if url.is_empty() {
        return Ok(());
    }
    let origin = origin_of(url).ok_or(OperationError::ReturnUrlNotRegistered)?;
    let registered = list(operations, merchant).await?;
    if registered.contains(&origin) { Ok(()) } else { Err(OperationError::ReturnUrlNotRegistered) }
}

/// The origins that a merchant has registered.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations, merchant: MerchantId) -> Result<Vec<String>, OperationError> {
    Ok(operations.records().read(move |sql| merchant_origins::list(sql, merchant)).await?)
}

/// Registers an origin.
///
/// # Errors
/// [`OperationError::ReturnUrlNotRegistered`] where it is none, or what could not be reached.
pub async fn register(
    operations: &Operations,
    merchant: MerchantId,
    url: &str,
) -> Result<(), OperationError> {
    let origin = origin_of(url).ok_or(OperationError::ReturnUrlNotRegistered)?;
    let now = operations.now();
    Ok(operations.records().write(move |sql| merchant_origins::insert(sql, merchant, &origin, now)).await?)
}

/// Removes an origin.
///
/// # Errors
/// What could not be reached.
pub async fn remove(
    operations: &Operations,
    merchant: MerchantId,
    origin: String,
) -> Result<(), OperationError> {
    Ok(operations.records().write(move |sql| merchant_origins::delete(sql, merchant, &origin)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert_eq!(origin_of("https://Shop.example/a?b#c").as_deref(), Some("https://shop.example"));
        assert_eq!(origin_of("http://shop.localhost:8080/x").as_deref(), Some("http://shop.localhost:8080"));
        for odd in [
            "ftp://a",
            "https://",
            "//a",
            "https://a@b/",
            "javascript:alert(1)",
            "https://a\\b",
            "https://a b",
        ] {
            assert_eq!(origin_of(odd), None, "{odd}");
        }
    }
}
