//! `sycee init`: what a new data directory needs before it is of use to anyone.
//!
//! Invariant: the passwords are told before the one write that makes them valid, so that none is ever valid and unknown.
//! Whatever stops the command earlier, running it again finishes it, with new passwords and the same cards.

mod report;
mod test_bank;

use clap::Args;
use operations::founding::{self, Founding};
use operations::merchants::NewMerchant;
use operations::staff::NewStaff;
use operations::{Entropy, OperationError};
use records::principals::Language;
use server::ServeOptions;

use crate::exit::Failure;
use crate::serve::StoreArguments;
use report::{Login, MerchantReport, Report};

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    #[command(flatten)]
    stores: StoreArguments,
    /// The name that the operator logs in with
    #[arg(long, value_name = "LOGIN", default_value = "operator")]
    operator: String,
    /// The first merchant's name in English
    #[arg(long = "merchant", value_name = "NAME", default_value = "First Shop")]
    merchant_en: String,
    /// The first merchant's name in Chinese
    #[arg(long = "merchant-zh", value_name = "NAME", default_value = "第一家店")]
    merchant_zh: String,
    /// The name that the merchant's owner logs in with, and the merchant's short code
    #[arg(long, value_name = "LOGIN", default_value = "merchant")]
    merchant_login: String,
    /// Print what was made as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &InitArguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(init(arguments))
}

async fn init(arguments: &InitArguments) -> Result<(), Failure> {
    let app = server::open(ServeOptions::from(&arguments.stores)).await?;
    let operations = app.operations();
    let refused = |error| refusal(error, arguments);
    if founding::is_founded(operations).await.map_err(refused)? {
        return Err(refused(OperationError::Taken { field: "operator" }));
    }
    let entropy = &*operations.services().entropy;
    let operator = Login::new(&arguments.operator, entropy);
    let owner = Login::new(&arguments.merchant_login, entropy);
    let new = new_founding(arguments, hash(&operator, entropy)?, hash(&owner, entropy)?);
    founding::check(operations, &new).await.map_err(refused)?;
    let bank = test_bank::found(&app).await?;
    let report = Report { operator, merchant: MerchantReport::new(&new.merchant, owner), bank };
    report.print(arguments.json)?;
    let not_valid = |error| {
        Failure::unavailable(format!("{error}. The passwords above are not valid: run this command again"))
    };
    founding::found(operations, new).await.map_err(not_valid)?;
    Ok(())
}

fn new_founding(arguments: &InitArguments, operator_hash: String, owner_hash: String) -> Founding {
    let merchant = NewMerchant {
        code: arguments.merchant_login.to_lowercase(),
        name_zh: arguments.merchant_zh.clone(),
        name_en: arguments.merchant_en.clone(),
        category: "shop".to_owned(),
    };
    Founding {
        operator: NewStaff {
            login: arguments.operator.clone(),
            name: "运营方".to_owned(),
            latin_name: Some("Operator".to_owned()),
            language: Language::English,
            password_hash: Some(operator_hash),
        },
        owner: merchant.owner(arguments.merchant_login.clone(), owner_hash),
        merchant,
    }
}

fn hash(login: &Login, entropy: &dyn Entropy) -> Result<String, Failure> {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    server::hash_password(&login.password, &salt).map_err(|error| Failure::software(error.to_string()))
}

fn refusal(error: OperationError, arguments: &InitArguments) -> Failure {
    match error {
        OperationError::Taken { field: "operator" } => {
            Failure::unavailable("there is an operator already: nothing was changed")
        }
        OperationError::Taken { .. } => Failure::bad_data(format!(
            "{} or {} is in use already: choose others with --operator and --merchant-login",
            arguments.operator, arguments.merchant_login
        )),
        OperationError::TextLength { .. } => Failure::bad_data(error.to_string()),
        other => Failure::unavailable(other.to_string()),
    }
}
