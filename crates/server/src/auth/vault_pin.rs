//! The PIN of a vault: turned into a key on the threads that hash passwords, few at a time.

use operations::vaults::{self, Attempt, Owner};
use operations::{OperationError, VaultRefusal};
use vault::seal::{Key, SALT_BYTES, check_pin};

use crate::App;
use crate::fields::Secret;
use crate::problem::Problem;

type Answer<T> = Result<Result<T, OperationError>, Problem>;

const WEAK: OperationError = OperationError::Vault(VaultRefusal::WeakPin);

async fn key(app: &App, pin: Secret, salt: [u8; SALT_BYTES]) -> Result<Key, Problem> {
    app.passwords().run(move || Key::from_pin(pin.expose(), &salt)).await
}

/// Makes a vault with this PIN and opens it. The answer is its reset code.
///
/// # Errors
/// A 503 where too many people are logging in.
pub(crate) async fn create(app: &App, owner: Owner, pin: Secret) -> Answer<String> {
    if check_pin(pin.expose()).is_err() {
        return Ok(Err(WEAK));
    }
    let salt = vaults::new_salt(app.operations());
    let key = key(app, pin, salt).await?;
    Ok(vaults::create(app.operations(), owner, salt, &key).await)
}

/// Opens a vault.
///
/// # Errors
/// As for [`create`].
pub(crate) async fn open(app: &App, owner: Owner, pin: Secret) -> Answer<()> {
    let attempt = match Attempt::begin(app.operations(), owner).await {
        Ok(attempt) => attempt,
        Err(error) => return Ok(Err(error)),
    };
    let key = key(app, pin, *attempt.salt()).await?;
    Ok(attempt.open(app.operations(), &key).await)
}

/// Gives a vault a new PIN.
///
/// # Errors
/// As for [`create`].
pub(crate) async fn change(app: &App, owner: Owner, pin: Secret, new_pin: Secret) -> Answer<()> {
    if check_pin(new_pin.expose()).is_err() {
        return Ok(Err(WEAK));
    }
    let attempt = match Attempt::begin(app.operations(), owner).await {
        Ok(attempt) => attempt,
        Err(error) => return Ok(Err(error)),
    };
    let old = key(app, pin, *attempt.salt()).await?;
    let salt = vaults::new_salt(app.operations());
    let new = key(app, new_pin, salt).await?;
    Ok(attempt.change_pin(app.operations(), &old, salt, &new).await)
}
