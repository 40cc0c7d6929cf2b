/** Who is signed in decides which page is shown. */

import { Button, Center, Loader, Stack, Text, Title } from "@mantine/core";
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useState } from "react";
import { problemText, readSession, signOut } from "./api";
import { ConsolePage } from "./console/ConsolePage";
import { DeskProvider } from "./console/DeskProvider";
import { navigate, type Route, routeOf, usePath } from "./parts/routing";
import { Shell } from "./parts/Shell";
import { isSupervisor, SessionContext } from "./parts/session";
import type { WhoAmI } from "./protocol";
import { SignInPage } from "./sign_in/SignInPage";

const MonitorPage = lazy(() => import("./monitor/MonitorPage"));
const HistoryPage = lazy(() => import("./history/HistoryPage"));
const AccessLogPage = lazy(() => import("./history/AccessLogPage"));
const ReportsPage = lazy(() => import("./reports/ReportsPage"));

type Who =
  | { kind: "loading" }
  /** `over`: somebody was, until the session came to its end. */
  | { kind: "nobody"; over: boolean }
  | { kind: "failed"; message: string }
  | { kind: "known"; session: WhoAmI };

export function App() {
  const [who, setWho] = useState<Who>({ kind: "loading" });
  const route = routeOf(usePath());

  const ask = useCallback(() => {
    setWho({ kind: "loading" });
    readSession().then(
      (session) => setWho(session === null ? { kind: "nobody", over: false } : { kind: "known", session }),
      (error: unknown) =>
        setWho({ kind: "failed", message: problemText(error, "Something went wrong while loading.") }),
    );
  }, []);
  useEffect(ask, [ask]);

  const session = who.kind === "known" ? who.session : null;
  const elsewhere = who.kind === "loading" || who.kind === "failed" ? null : redirection(route, session);
  useEffect(() => {
    if (elsewhere !== null) navigate(elsewhere, true);
  }, [elsewhere]);

  const forget = useCallback(() => setWho({ kind: "nobody", over: true }), []);
  const leave = useCallback(async () => {
    await signOut();
    navigate("/sign-in");
    setWho({ kind: "nobody", over: false });
  }, []);

  if (who.kind === "loading" || elsewhere !== null) return <Waiting />;
  if (who.kind === "failed") return <Failed message={who.message} again={ask} />;
  if (who.kind === "nobody") {
    return <SignInPage over={who.over} signedIn={(known) => setWho({ kind: "known", session: known })} />;
  }
  return (
    <SessionContext value={{ session: who.session, leave }}>
      <DeskProvider key={who.session.user} agent={who.session.agent} onRefused={forget}>
        <Suspense fallback={<Waiting />}>{pageOf(route, forget)}</Suspense>
      </DeskProvider>
    </SessionContext>
  );
}

const FOR_SUPERVISORS: ReadonlySet<Route["page"]> = new Set(["monitor", "reports", "access-log"]);

/** Where to go instead, or null to stay. Who signs in gets the page whose address she came with. */
function redirection(route: Route, session: WhoAmI | null): string | null {
  if (session === null) return null;
  const home = isSupervisor(session) ? "/monitor" : "/";
  if (route.page === "sign-in") return home;
  if (route.page === "console" && session.agent === null) return home;
  if (FOR_SUPERVISORS.has(route.page) && !isSupervisor(session)) return "/";
  return null;
}

function pageOf(route: Route, onRefused: () => void): ReactNode {
  switch (route.page) {
    case "monitor":
      return <MonitorPage onRefused={onRefused} />;
    case "history":
      return <HistoryPage contact={route.contact} />;
    case "reports":
      return <ReportsPage />;
    case "access-log":
      return <AccessLogPage />;
    case "console":
      return <ConsolePage />;
    default:
      return <NotFound />;
  }
}

function Waiting() {
  return (
    <Center h="100vh" data-testid="loading">
      <Loader aria-label="Loading" />
    </Center>
  );
}

function Failed({ message, again }: { message: string; again: () => void }) {
  return (
    <Center h="100vh" component="main">
      <Stack align="center" role="alert" data-testid="load-failed">
        <Title order={1} size="h3">
          Caruso cannot be reached
        </Title>
        <Text>{message}</Text>
        <Button onClick={again}>Try again</Button>
      </Stack>
    </Center>
  );
}

function NotFound() {
  return (
    <Shell title="Not found">
      <div className="empty">
        <p className="empty-title">There is no such page.</p>
      </div>
    </Shell>
  );
}
