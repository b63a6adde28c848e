//! What is noted and told when somebody changes how one gets at their money.

use operations::audit_log;
use operations::notifications::{self, Notice};
use records::notifications::NoticeKind;
use wallet::ids::PrincipalId;

use crate::App;
use crate::problem::Problem;

/// Notes the change in the audit log and tells its owner: if it was not them, they learn of it.
pub(super) async fn note_change(app: &App, owner: PrincipalId, action: &'static str) -> Result<(), Problem> {
    audit_log::note(app.operations(), owner, action, &owner.to_string(), &[]).await?;
    let notice = Notice { kind: NoticeKind::Security, subject: app.random_bits(), actor: None, amount: None };
    notifications::tell(app.operations(), owner, notice);
    Ok(())
}
