//! Owns what is served on the one port: a page for people, facts as JSON, and the doors to rooms.

use super::admission::Permit;
use super::connection::Socket;
use super::door::Join;
use super::tick_loop::room_failed;
use super::upgrade::{self, Refused};
use super::{console, page, play};
use crate::directory::RoomStatus;
use crate::lifecycle::Server;
use crate::net::tally::Counts;
use crate::page::{FRONT, PageFile};
use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;
use tickwire_shared::{Game, PROTOCOL_VERSION, Schema, is_room_name};
use tokio::sync::oneshot;
use tracing::{Instrument, Span, debug_span};

/// The room that a WebSocket at `/` leads to.
const DEFAULT_ROOM: &str = "lobby";

/// Who a request comes from. Its permit lasts as long as the connection, WebSocket or not.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    pub(super) permit: Arc<Permit>,
}

/// What of a request a door needs.
#[derive(Debug, Default, Deserialize)]
struct ConsoleQuery {
    name: Option<String>,
}

/// What is served, for any connection.
pub(super) fn router<G: Game>(server: Arc<Server<G>>) -> Router {
    let router = Router::new()
        .route("/", get(front::<G>))
        .route("/about", get(about::<G>))
        .route("/info", get(info::<G>))
        .route("/explain/{room}", get(explain::<G>))
        .route("/hits/{room}", get(hits::<G>))
        .route("/play/{room}", get(play_door::<G>))
        .route("/console/{room}", get(console_door::<G>))
        .fallback(nowhere);
    let files = server.page().iter().cloned();
    files.fold(router, with_file).with_state(server)
}

fn with_file<G: Game>(router: Router<Arc<Server<G>>>, file: PageFile) -> Router<Arc<Server<G>>> {
    let path = format!("/{}", file.path);
    router.route(&path, get(async move |headers: HeaderMap| page::answer(&file, &headers)))
}

async fn front<G: Game>(
    state: State<Arc<Server<G>>>,
    peer: Extension<Peer>,
    query: Query<ConsoleQuery>,
    request: Request,
) -> Result<Response, Refused> {
    if upgrade::is_wanted(request.headers()) {
        return console_door(state, peer, Path(DEFAULT_ROOM.to_owned()), query, request).await;
    }
    let front = state.page().iter().find(|file| file.path == FRONT);
    let headers = request.headers();
    Ok(front.map_or_else(|| what_is_where::<G>(headers).into_response(), |file| page::answer(file, headers)))
}

async fn about<G: Game>(headers: HeaderMap) -> String {
    what_is_where::<G>(&headers)
}

fn what_is_where<G: Game>(headers: &HeaderMap) -> String {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("HOST:PORT");
    format!(
        "This is Tickwire {version}, a game server. It runs rooms of the game \"{game}\", {rate} ticks per second.\n\
         \n\
         GET http://{host}/info             facts about the server and its rooms, as JSON\n\
         GET http://{host}/explain/ROOM     where the bytes of a room went, as JSON\n\
         GET http://{host}/hits/ROOM        what was rewound for a room's last hits, as JSON\n\
         ws://{host}/play/ROOM              play: a WebSocket for game clients\n\
         ws://{host}/console/ROOM?name=ME   chat: a WebSocket for people, one line per text message\n\
         ws://{host}/                       chat in the room {DEFAULT_ROOM:?}\n\
         GET http://{host}/                 a page to play on, if the server has one; else this\n\
         \n\
         ROOM is any name of 1 to 32 of a-z, 0-9, _ and -: a room opens when somebody joins it.\n",
        version = env!("CARGO_PKG_VERSION"),
        game = G::NAME,
        rate = G::TICK_RATE_HZ,
    )
}

#[derive(Serialize)]
struct Info {
    name: &'static str,
    version: &'static str,
    protocol: u16,
    game: &'static str,
    schema_hash: String,
    tick_rate_hz: u32,
    /// People who play.
    players: usize,
    bots: usize,
    rooms_opened: u64,
    rooms_failed: u64,
    #[serde(flatten)]
    counts: Counts,
    rooms: Vec<RoomStatus>,
}

async fn info<G: Game>(State(server): State<Arc<Server<G>>>) -> Json<Info> {
    let rooms = server.directory().statuses();
    let (rooms_opened, rooms_failed) = server.directory().totals();
    Json(Info {
        name: "tickwire",
        version: env!("CARGO_PKG_VERSION"),
        protocol: PROTOCOL_VERSION,
        game: G::NAME,
        schema_hash: format!("{:016x}", Schema::of::<G>().hash()),
        tick_rate_hz: G::TICK_RATE_HZ,
        players: rooms.iter().map(|room| room.players).sum(),
        bots: rooms.iter().map(|room| room.bots).sum(),
        rooms_opened,
        rooms_failed,
        counts: server.tally().counts(),
        rooms,
    })
}

async fn explain<G: Game>(
    State(server): State<Arc<Server<G>>>,
    Path(room): Path<String>,
) -> Result<Response, Refused> {
    let usage = server.directory().usage(&room);
    usage.map(|usage| Json(&*usage).into_response()).ok_or_else(no_such_room)
}

async fn hits<G: Game>(
    State(server): State<Arc<Server<G>>>,
    Path(room): Path<String>,
) -> Result<Response, Refused> {
    let hits = server.directory().hits(&room);
    hits.map(|hits| Json(&*hits).into_response()).ok_or_else(no_such_room)
}

fn no_such_room() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "There is no such room: GET /info says which there are.")
}

async fn nowhere() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "There is nothing here: GET /about says what is where.")
}

async fn play_door<G: Game>(
    State(server): State<Arc<Server<G>>>,
    Extension(peer): Extension<Peer>,
    Path(room): Path<String>,
    request: Request,
) -> Result<Response, Refused> {
    let (response, hello) = answer(&server, &room, &request)?;
    let span = debug_span!("play", peer = %peer.address, room);
    upgrade(server, peer, request, span, |socket, server| play::serve(socket, room, hello, server));
    Ok(response)
}

/// A console is in the room before it is answered: once its WebSocket is open, it hears all that is said.
async fn console_door<G: Game>(
    State(server): State<Arc<Server<G>>>,
    Extension(peer): Extension<Peer>,
    Path(room): Path<String>,
    Query(query): Query<ConsoleQuery>,
    request: Request,
) -> Result<Response, Refused> {
    let (response, _) = answer(&server, &room, &request)?;
    let name = query.name.unwrap_or_else(|| server.guest_name());
    let (answer, answered) = oneshot::channel();
    let (seat, visitor) = oneshot::channel();
    server.join(&room, Join::Console { name, answer, visitor }).await;
    answered.await.unwrap_or_else(|_| Err(room_failed())).map_err(|rejection| {
        server.tally().upgrade_refused();
        Refused::new(StatusCode::SERVICE_UNAVAILABLE, format!("You cannot come in: {rejection}."))
    })?;
    let span = debug_span!("console", peer = %peer.address, room);
    upgrade(server, peer, request, span, |socket, server| console::serve(socket, seat, server));
    Ok(response)
}

/// The answer that makes a request for a room a WebSocket, and the encoded Hello that came with the request.
fn answer<G: Game>(
    server: &Server<G>,
    room: &str,
    request: &Request,
) -> Result<(Response, Option<Vec<u8>>), Refused> {
    let refused = if !is_room_name(room) {
        Refused::new(StatusCode::BAD_REQUEST, "A room's name is 1 to 32 of a-z, 0-9, _ and -.")
    } else if server.directory().is_full_for(room) {
        Refused::new(StatusCode::SERVICE_UNAVAILABLE, "This server has no room left for one more room.")
    } else {
        match upgrade::accept(request, server.allowed_origins()) {
            Ok(accepted) => return Ok(accepted),
            Err(refused) => refused,
        }
    };
    server.tally().upgrade_refused();
    Err(refused)
}

/// Serves a request's WebSocket, once its answer is on its way, in a task of its own.
fn upgrade<G: Game, F: Future<Output = ()> + Send + 'static>(
    server: Arc<Server<G>>,
    peer: Peer,
    mut request: Request,
    span: Span,
    serve: impl FnOnce(Socket, Arc<Server<G>>) -> F + Send + 'static,
) {
    let upgrade = hyper::upgrade::on(&mut request);
    let tasks = server.tasks().clone();
    let task = async move {
        // Held until the end: the connection counts as long as it is there.
        let _permit = peer.permit;
        if let Some(socket) = Box::pin(upgrade::socket(upgrade, server.limits())).await {
            serve(socket, server).await;
        }
    };
    tasks.spawn(task.instrument(span));
}
