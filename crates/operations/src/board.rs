//! The neighbours' board: somebody offers or wants something for a price, a neighbour agrees, and whoever pays settles it
//! by a transfer that claims the post in the ledger, so that it happens once.

use money::Amount;
use records::board::{self, Post, PostKind, PostState};
use records::notifications::NoticeKind;
use wallet::ids::{HolderId, PostId, PrincipalId};
use wallet::limit_postings::Claim;

use crate::history::PartyName;
use crate::key::operation_id;
use crate::notifications::{self, Notice};
use crate::payees::NameCheck;
use crate::requests::settled_by;
use crate::spending::Origin;
use crate::transfer::{self, TransferRequest};
use crate::{IdempotencyKey, OperationError, Operations, Party, Receipt, directory, memo};

/// A post as its author writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPost {
    /// Who writes it.
    pub author: HolderId,
    /// Which way it goes.
    pub kind: PostKind,
    /// In a few words: 1 to 60 characters.
    pub title: String,
    /// In more words: at most 400 characters, may be empty.
    pub words: String,
    /// The price.
    pub amount: Amount,
}

/// A post with the names of its people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The post.
    pub post: Post,
    /// Who wrote it.
    pub author: PartyName,
    /// Who has agreed.
    pub partner: Option<PartyName>,
}

/// Puts a post on the board. Repeating it with its key changes nothing.
///
/// # Errors
/// Which rule the post breaks, or what could not be reached.
pub async fn write(
    operations: &Operations,
    key: &IdempotencyKey,
    new: NewPost,
) -> Result<PostId, OperationError> {
    operations.policy().check_amount(new.amount)?;
    memo::check_name("title", &new.title, 60)?;
    if new.words.chars().count() > 400 || new.words.chars().any(|c| c.is_control() && c != '\n' && c != '\r')
    {
        return Err(OperationError::TextLength { field: "words" });
    }
    directory::spender(operations, new.author, new.amount.currency()).await?;
    let id = PostId::new(operation_id(PrincipalId::from(new.author), "board post", key).bits());
    let post = Post {
        id,
        author: new.author,
        kind: new.kind,
        title: new.title,
        words: new.words,
        amount: new.amount,
        state: PostState::Open,
        partner: None,
        operation: None,
        created_at: operations.now(),
    };
    operations.records().write(move |sql| board::insert(sql, &post)).await?;
    Ok(id)
}

/// The open posts of everybody, newest first.
///
/// # Errors
/// What could not be reached.
pub async fn open(operations: &Operations) -> Result<Vec<Shown>, OperationError> {
    let found = operations.records().read(board::open).await?;
    shown(operations, found).await
}

/// The posts that a holder wrote or agreed to, newest first.
///
/// # Errors
/// What could not be reached.
pub async fn of_holder(operations: &Operations, holder: HolderId) -> Result<Vec<Shown>, OperationError> {
    let found = operations.records().read(move |sql| board::of_holder(sql, holder)).await?;
    shown(operations, found).await
}

/// One post, as this holder may see it: open, or their own.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn get(operations: &Operations, viewer: HolderId, id: PostId) -> Result<Shown, OperationError> {
    let found = operations.records().read(move |sql| board::get(sql, id)).await?;
    let visible =
        |post: &Post| post.state == PostState::Open || post.author == viewer || post.partner == Some(viewer);
    let post = found.filter(visible).ok_or(OperationError::NotFound(Party::Operation))?;
    shown(operations, vec![post]).await?.pop().ok_or(OperationError::NotFound(Party::Operation))
}

async fn shown(operations: &Operations, posts: Vec<Post>) -> Result<Vec<Shown>, OperationError> {
    let mut shown = Vec::with_capacity(posts.len());
    for post in posts {
        let author = directory::holder_name(operations, post.author).await?;
        let partner = match post.partner {
            Some(partner) => Some(directory::holder_name(operations, partner).await?),
            None => None,
        };
        shown.push(Shown { post, author, partner });
    }
    Ok(shown)
}

/// Agrees to somebody's post. The first one who does is the partner.
///
/// # Errors
/// [`OperationError::NotFound`], [`OperationError::NotOpen`], [`OperationError::PayeeIsPayer`] for the author, or what
/// could not be reached.
pub async fn agree(operations: &Operations, holder: HolderId, id: PostId) -> Result<(), OperationError> {
    let post = get(operations, holder, id).await?.post;
    if post.author == holder {
        return Err(OperationError::PayeeIsPayer);
    }
    directory::spender(operations, holder, post.amount.currency()).await?;
    turn(operations, id, (PostState::Open, PostState::Agreed), Some(holder)).await?;
    tell(operations, (post.author, holder), &post, 1);
    Ok(())
}

/// Takes a post back, or an agreement: then the post is open again.
///
/// # Errors
/// [`OperationError::NotFound`], [`OperationError::NotOpen`], or what could not be reached.
pub async fn withdraw(operations: &Operations, holder: HolderId, id: PostId) -> Result<(), OperationError> {
    let post = get(operations, holder, id).await?.post;
    match post.state {
        PostState::Open if post.author == holder => {
            turn(operations, id, (PostState::Open, PostState::Withdrawn), None).await
        }
        PostState::Agreed if post.author == holder || post.partner == Some(holder) => {
            turn(operations, id, (PostState::Agreed, PostState::Open), None).await
        }
        _ => Err(OperationError::NotOpen),
    }
}

async fn turn(
    operations: &Operations,
    id: PostId,
    states: (PostState, PostState),
    partner: Option<HolderId>,
) -> Result<(), OperationError> {
    let now = operations.now();
    let turned = operations.records().write(move |sql| board::turn(sql, id, states, partner, now)).await?;
    if turned { Ok(()) } else { Err(OperationError::NotOpen) }
}

/// Pays for what was agreed.
///
/// # Errors
/// Which rule the request breaks, [`OperationError::NotOpen`], or what could not be reached.
pub async fn settle(
    operations: &Operations,
    key: &IdempotencyKey,
    (holder, id): (HolderId, PostId),
    origin: Origin,
) -> Result<Receipt, OperationError> {
    let post = get(operations, holder, id).await?.post;
    let operation = operation_id(PrincipalId::from(holder), "board settlement", key);
    let (payer, payee) = post.sides().ok_or(OperationError::NotOpen)?;
    if payer != holder {
        return Err(OperationError::NotFound(Party::Operation));
    }
    if post.state != PostState::Agreed && post.operation != Some(operation) {
        return Err(OperationError::NotOpen);
    }
    let entry = directory::holder(operations, payee).await?;
    let entry = entry.ok_or(OperationError::NotFound(Party::Payee))?;
    let request = TransferRequest {
        payer,
        payee,
        // The agreement itself names who is paid.
        name_check: NameCheck::of(payer, &entry.principal),
        amount: post.amount,
        memo: post.title.clone(),
        origin,
    };
    let claim = Claim::Post(id);
    let receipt = transfer::carry_out(operations, operation, request, Some(claim)).await?;
    if let Some(paid_by) = settled_by(operations, claim, &receipt).await? {
        let now = operations.now();
        operations.records().write(move |sql| board::note_settled(sql, id, paid_by, now)).await?;
        tell(operations, (payee, payer), &post, 2);
    }
    Ok(receipt)
}

/// Tells somebody that their post was answered; `step` keeps agreement and settlement apart.
fn tell(operations: &Operations, (whom, actor): (HolderId, HolderId), post: &Post, step: u128) {
    let notice = Notice {
        kind: NoticeKind::BoardAnswer,
        subject: post.id.bits() ^ step,
        actor: Some(actor.into()),
        amount: Some(post.amount),
    };
    notifications::tell(operations, whom.into(), notice);
}
