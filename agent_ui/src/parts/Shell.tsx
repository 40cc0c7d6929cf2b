/** What stands around every page: skip link, header with navigation and settings, banners. */

import {
  ActionIcon,
  Button,
  Menu,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { problemText } from "../api";
import { DeskBanners } from "../console/DeskBanners";
import { type Desk, useMaybeDesk } from "../console/desk";
import { StationMenu } from "../console/StationMenu";
import { maySignOut } from "../state/presence";
import { keepFocus } from "./focus";
import { Icon } from "./icons";
import { RouteLink } from "./RouteLink";
import { usePath } from "./routing";
import { isSupervisor, useSession } from "./session";
import { showPage } from "./title";
import { useStore } from "./useStore";

interface ShellProps {
  title: string;
  children: ReactNode;
}

export function Shell({ title, children }: ShellProps) {
  const { session } = useSession();
  const desk = useMaybeDesk();
  const { problem, leave } = useLeaving();
  useEffect(keepFocus, []);
  useEffect(() => {
    showPage(title);
  }, [title]);
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <header className="header">
        <Logo size={28} />
        <nav aria-label="Pages" className="nav">
          {session.agent !== null && <NavLink to="/" text="Console" />}
          {isSupervisor(session) && <NavLink to="/monitor" text="Monitor" />}
          <NavLink to="/history" text="History" />
          {isSupervisor(session) && <NavLink to="/reports" text="Reports" />}
          {isSupervisor(session) && <NavLink to="/access-log" text="Access log" />}
        </nav>
        <div className="header-space" />
        {desk?.begun === true && <StationMenu />}
        {desk !== null && <HelpButton desk={desk} />}
        <SchemeButton />
        {desk === null ? <LeaveMenu leave={leave} /> : <AgentMenu desk={desk} leave={leave} />}
      </header>
      <div role="alert">
        {problem !== "" && (
          <div className="banner" data-tone="bad" data-testid="not-signed-out">
            <Icon name="warning" />
            <div className="banner-text">{`${problem} You are still signed in.`}</div>
            <Button size="compact-sm" variant="white" color="dark" onClick={leave}>
              Sign out
            </Button>
          </div>
        )}
      </div>
      {desk?.begun === true && <DeskBanners />}
      <main id="main" tabIndex={-1} className="main">
        {children}
      </main>
    </div>
  );
}

/** Signing out, and why it did not work: nobody leaves a browser for others that is still signed in. */
function useLeaving(): { problem: string; leave: () => void } {
  const session = useSession();
  const [problem, setProblem] = useState("");
  const leave = () => {
    setProblem("");
    session.leave().catch((error: unknown) => setProblem(problemText(error)));
  };
  return { problem, leave };
}

export function Logo({ size }: { size: number }) {
  return (
    <span className="logo">
      <img src="/favicon.svg" alt="" width={size} height={size} />
      <span>Caruso</span>
    </span>
  );
}

function NavLink({ to, text }: { to: string; text: string }) {
  const path = usePath();
  const current = to === "/" ? path === "/" : path.startsWith(to);
  return (
    <RouteLink
      to={to}
      className="nav-link"
      aria-current={current ? "page" : undefined}
      data-testid={`nav-${text.toLowerCase().replace(" ", "-")}`}
    >
      {text}
    </RouteLink>
  );
}

function HelpButton({ desk }: { desk: Desk }) {
  return (
    <Tooltip label="Keys (?)">
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label="Show the keys"
        onClick={() => desk.openPanel("help")}
        data-testid="help-button"
        className="hide-narrow"
      >
        <Icon name="keyboard" />
      </ActionIcon>
    </Tooltip>
  );
}

function SchemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const other = useComputedColorScheme("light") === "dark" ? "light" : "dark";
  return (
    <Tooltip label={`Use the ${other} colours`}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={`Use the ${other} colours`}
        onClick={() => setColorScheme(other)}
        data-testid="color-scheme"
      >
        <svg width="18" height="18" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
          <circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" strokeWidth="2" />
          <path d="M12 3a9 9 0 0 1 0 18z" fill="currentColor" />
        </svg>
      </ActionIcon>
    </Tooltip>
  );
}

function AgentMenu({ desk, leave }: { desk: Desk; leave: () => void }) {
  const view = useStore(desk.connection.store, (state) => state.view);
  const { preferences, changePreferences } = desk;
  const busy = view !== null && !maySignOut(view);

  const signOut = async () => {
    if (view !== null && desk.freshness === "live") {
      const problem = await desk.connection.send({ type: "sign-out" });
      if (problem !== null) return;
    }
    leave();
  };
  const toggleNotify = async () => {
    const wanted = !preferences.notify;
    const granted =
      wanted && "Notification" in window && (await Notification.requestPermission()) === "granted";
    changePreferences({ notify: granted });
  };

  return (
    <UserMenu>
      <Menu.Label>What is offered</Menu.Label>
      <Menu.Item
        role="menuitemcheckbox"
        aria-checked={preferences.sound}
        closeMenuOnClick={false}
        leftSection={<Tick on={preferences.sound} />}
        onClick={() => changePreferences({ sound: !preferences.sound })}
      >
        Ring
      </Menu.Item>
      <Menu.Item
        role="menuitemcheckbox"
        aria-checked={preferences.notify}
        closeMenuOnClick={false}
        leftSection={<Tick on={preferences.notify} />}
        onClick={() => void toggleNotify()}
      >
        Notify me when this page is hidden
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item disabled={busy} onClick={() => void signOut()} data-testid="sign-out">
        {busy ? "Sign out (finish the contact first)" : "Sign out"}
      </Menu.Item>
    </UserMenu>
  );
}

function LeaveMenu({ leave }: { leave: () => void }) {
  return (
    <UserMenu>
      <Menu.Item onClick={leave} data-testid="sign-out">
        Sign out
      </Menu.Item>
    </UserMenu>
  );
}

function UserMenu({ children }: { children: ReactNode }) {
  const { session } = useSession();
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          leftSection={<Icon name="person" />}
          rightSection={<Icon name="down" size={14} />}
          className="user-button"
          aria-label={`${session.name}: settings and sign-out`}
          data-testid="user-menu"
        >
          <span className="user-name">{session.name}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}

function Tick({ on }: { on: boolean }) {
  return <span className="tick">{on && <Icon name="check" size={16} />}</span>;
}
