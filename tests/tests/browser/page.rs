//! Owns one page in a browser: what a person can do with it, and what its own figures say.

use crate::cdp::Cdp;
use crate::chromium::Chromium;
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::time::Duration;
use tickwire_tests::real::PATIENCE;
use tokio::time::{Instant, sleep};

/// How often a page is asked whether it is as wanted.
const POLL: Duration = Duration::from_millis(20);

/// A page in a window of its own, so that it is visible whatever other pages there are.
pub struct Page {
    cdp: Cdp,
    window: String,
    target: String,
    session: String,
}

impl Page {
    /// Opens an address.
    pub async fn open(chromium: &Chromium, url: &str) -> Self {
        let cdp = chromium.cdp.clone();
        let window = cdp.call("", "Target.createBrowserContext", json!({})).await;
        let window = text(&window["browserContextId"]);
        let blank = json!({ "url": "about:blank", "browserContextId": window, "newWindow": true });
        let target = text(&cdp.call("", "Target.createTarget", blank).await["targetId"]);
        let attach = json!({ "targetId": target, "flatten": true });
        let session = text(&cdp.call("", "Target.attachToTarget", attach).await["sessionId"]);
        let page = Self { cdp, window, target, session };
        for domain in
            ["Page.enable", "Runtime.enable", "Log.enable", "HeapProfiler.enable", "Performance.enable"]
        {
            page.call(domain, json!({})).await;
        }
        page.call("Page.navigate", json!({ "url": url })).await;
        page
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        self.cdp.call(&self.session, method, params).await
    }

    /// The value of a JavaScript expression; of a promise, what it comes to.
    ///
    /// # Panics
    /// If it throws.
    pub async fn eval(&self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", params).await;
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// The value of an expression that is a number.
    pub async fn number(&self, expression: &str) -> f64 {
        let value = self.eval(expression).await;
        value.as_f64().unwrap_or_else(|| panic!("{expression} is {value}"))
    }

    /// Waits until an expression is true.
    ///
    /// # Panics
    /// If that does not come in time: with what the page says then.
    pub async fn until(&self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        // While the page loads there may be nothing yet of what is asked for.
        let guarded =
            format!("(() => {{ try {{ return Boolean({expression}) }} catch {{ return false }} }})()");
        while self.eval(&guarded).await != true {
            if Instant::now() > deadline {
                let said = self.eval("document.body.innerText").await;
                let state =
                    self.eval("JSON.stringify([window.tickwire?.state(), window.tickwire?.stats()])").await;
                panic!(
                    "never true: {expression}\nstate: {state}\npage: {said}\ncomplaints: {:?}",
                    self.complaints()
                );
            }
            sleep(POLL).await;
        }
    }

    /// Presses a key, or lets it go.
    pub async fn key(&self, code: &str, is_down: bool) {
        let kind = if is_down { "keyDown" } else { "keyUp" };
        let key = code.strip_prefix("Key").map_or(code.to_owned(), str::to_lowercase);
        let mut event = json!({ "type": kind, "code": code, "key": key });
        if code == "Enter" && is_down {
            // Only so it sends a form.
            event["text"] = "\r".into();
            event["windowsVirtualKeyCode"] = 13.into();
        }
        self.call("Input.dispatchKeyEvent", event).await;
    }

    /// Presses a key and lets it go.
    pub async fn tap(&self, code: &str) {
        self.key(code, true).await;
        self.key(code, false).await;
    }

    /// The mouse moves (`mouseMoved`), or a button is pressed or released (0 left, 2 right); afterwards these are down (1 left, 2 right).
    pub async fn mouse(&self, what: &str, (x, y): (f64, f64), button: u8, buttons: u8) {
        let button = match (what, button) {
            ("mouseMoved", _) => "none",
            (_, 0) => "left",
            _ => "right",
        };
        let event =
            json!({ "type": what, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1 });
        self.call("Input.dispatchMouseEvent", event).await;
    }

    /// Clicks into the middle of what a selector finds, which must be seen.
    pub async fn click(&self, selector: &str) {
        self.eval(&format!("document.querySelector('{selector}').scrollIntoView({{ block: 'center' }})"))
            .await;
        let middle = self.middle(selector).await;
        self.mouse("mouseMoved", middle, 0, 0).await;
        self.mouse("mousePressed", middle, 0, 1).await;
        self.mouse("mouseReleased", middle, 0, 0).await;
    }

    /// Where the middle of an element is, which must be seen.
    pub async fn middle(&self, selector: &str) -> (f64, f64) {
        let side =
            |side: &str| format!("document.querySelector('{selector}').getBoundingClientRect().{side}");
        let (left, right) = (self.number(&side("left")).await, self.number(&side("right")).await);
        let (top, bottom) = (self.number(&side("top")).await, self.number(&side("bottom")).await);
        assert!(left < right && top < bottom, "{selector} is not there");
        ((left + right) / 2.0, (top + bottom) / 2.0)
    }

    /// Writes into what has the focus.
    pub async fn write(&self, text: &str) {
        self.call("Input.insertText", json!({ "text": text })).await;
    }

    /// Puts another tab before it in the same window; gives back that tab's target.
    pub async fn hide(&self) -> String {
        let tab = json!({ "url": "about:blank", "browserContextId": self.window });
        let tab = text(&self.cdp.call("", "Target.createTarget", tab).await["targetId"]);
        self.cdp.call("", "Target.activateTarget", json!({ "targetId": tab })).await;
        self.until("document.visibilityState == 'hidden'").await;
        tab
    }

    /// Brings it to the front again.
    pub async fn show(&self, tab: String) {
        self.cdp.call("", "Target.closeTarget", json!({ "targetId": tab })).await;
        self.cdp.call("", "Target.activateTarget", json!({ "targetId": self.target })).await;
        self.until("document.visibilityState == 'visible'").await;
    }

    /// Bytes of JavaScript objects that are in use, after what is not has been collected.
    pub async fn heap_bytes(&self) -> f64 {
        self.call("HeapProfiler.collectGarbage", json!({})).await;
        self.call("Runtime.getHeapUsage", json!({})).await["usedSize"].as_f64().expect("a number")
    }

    /// Bytes of WebAssembly's memory, which never shrinks.
    pub async fn module_bytes(&self) -> f64 {
        let kind =
            self.call("Runtime.evaluate", json!({ "expression": "WebAssembly.Memory.prototype" })).await;
        let all = json!({ "prototypeObjectId": kind["result"]["objectId"] });
        let all = self.call("Runtime.queryObjects", all).await;
        let sum = json!({
            "objectId": all["objects"]["objectId"], "returnByValue": true,
            "functionDeclaration": "function () { return this.reduce((sum, one) => sum + one.buffer.byteLength, 0) }",
        });
        let sum = self.call("Runtime.callFunctionOn", sum).await;
        sum["result"]["value"].as_f64().expect("a number")
    }

    /// Makes its window this many pixels large.
    pub async fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Makes it the screen of a phone, upright, that is touched with two fingers at most.
    pub async fn become_phone(&self, width: u32, height: u32, pixel_ratio: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": pixel_ratio, "mobile": true });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
        let touch = json!({ "enabled": true, "maxTouchPoints": 2 });
        self.call("Emulation.setTouchEmulationEnabled", touch).await;
    }

    /// Fingers touch it (`touchStart`), move (`touchMove`), or are taken away (`touchEnd`); these are on it afterwards.
    pub async fn touch(&self, what: &str, fingers: &[(f64, f64)]) {
        let points: Vec<Value> =
            fingers.iter().enumerate().map(|(id, (x, y))| json!({ "x": x, "y": y, "id": id })).collect();
        self.call("Input.dispatchTouchEvent", json!({ "type": what, "touchPoints": points })).await;
    }

    /// Seconds for which its main thread was busy so far: with scripts, layout and painting.
    pub async fn busy_seconds(&self) -> f64 {
        let metrics = self.call("Performance.getMetrics", json!({})).await;
        let metrics = metrics["metrics"].as_array().expect("a list").clone();
        let busy = metrics.iter().find(|metric| metric["name"] == "TaskDuration").expect("it is measured");
        busy["value"].as_f64().expect("a number")
    }

    /// A picture of it, as PNG.
    pub async fn screenshot(&self) -> Vec<u8> {
        let picture = text(&self.call("Page.captureScreenshot", json!({ "format": "png" })).await["data"]);
        BASE64.decode(picture.as_bytes()).expect("base64")
    }

    /// Exceptions that nobody caught, errors in the console, and what the policy refused.
    pub fn complaints(&self) -> Vec<String> {
        self.cdp.complaints(&self.session)
    }

    pub async fn close(self) {
        self.cdp.call("", "Target.disposeBrowserContext", json!({ "browserContextId": self.window })).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
