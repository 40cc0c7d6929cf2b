import { Alert, Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { ApiProblem, signIn } from "../api";
import { Logo } from "../parts/Shell";
import { showPage } from "../parts/title";
import type { WhoAmI } from "../protocol";
import { spoken } from "../state/durations";

interface SignInPageProps {
  /** Somebody was signed in until now. */
  over: boolean;
  signedIn: (session: WhoAmI) => void;
}

export function SignInPage({ over, signedIn }: SignInPageProps) {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState(over ? "Your session is over. Please sign in again." : "");
  const [busy, setBusy] = useState(false);
  const userInput = useRef<HTMLInputElement>(null);
  const passwordInput = useRef<HTMLInputElement>(null);

  useEffect(() => {
    showPage("Sign in");
    userInput.current?.focus();
  }, []);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    if (user.trim() === "") return refuse("Please give your user name.", userInput.current);
    if (password === "") return refuse("Please give your password.", passwordInput.current);
    setBusy(true);
    setProblem("");
    try {
      signedIn(await signIn(user.trim(), password));
    } catch (error) {
      if (error instanceof ApiProblem && error.status !== 0) setPassword("");
      refuse(explained(error), passwordInput.current);
    } finally {
      setBusy(false);
    }
  };

  const refuse = (message: string, focus: HTMLInputElement | null) => {
    setProblem(message);
    focus?.focus();
  };

  return (
    <main className="sign-in" id="main">
      <Paper withBorder shadow="sm" p="xl" radius="lg" className="sign-in-card">
        <form onSubmit={submit} noValidate data-testid="sign-in-form" aria-busy={busy}>
          <Stack>
            <Logo size={40} />
            <div>
              <Title order={1} size="h3">
                Sign in to Caruso
              </Title>
              <Text c="dimmed" size="sm">
                Agent console and live monitor
              </Text>
            </div>
            <div role="alert" data-testid="sign-in-problem">
              {problem !== "" && (
                <Alert color="red" variant="light" className="strong-alert">
                  {problem}
                </Alert>
              )}
            </div>
            <TextInput
              ref={userInput}
              label="User name"
              name="username"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              required
              withAsterisk={false}
              size="md"
              value={user}
              onChange={(event) => setUser(event.currentTarget.value)}
              data-testid="sign-in-user"
            />
            <PasswordInput
              ref={passwordInput}
              label="Password"
              name="password"
              autoComplete="current-password"
              required
              withAsterisk={false}
              size="md"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
              data-testid="sign-in-password"
            />
            <Button type="submit" size="md" loading={busy} data-testid="sign-in-submit">
              Sign in
            </Button>
          </Stack>
        </form>
      </Paper>
    </main>
  );
}

function explained(error: unknown): string {
  if (!(error instanceof ApiProblem)) return "Something went wrong. Please try again.";
  if (error.status === 429) {
    const wait = error.retryAfter === null ? "a little" : spoken(Math.ceil(error.retryAfter));
    return `Too many attempts. Please wait ${wait}, then try again.`;
  }
  return error.message;
}
