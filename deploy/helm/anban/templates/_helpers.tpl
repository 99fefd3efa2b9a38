{{- define "anban.labels" -}}
app.kubernetes.io/name: anban
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "anban.select" -}}
app.kubernetes.io/name: anban
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "anban.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "anban.databaseSecret" -}}
{{ .Values.secrets.database | default (printf "%s-database-app" .Release.Name) }}
{{- end }}

{{- define "anban.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 60
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "anban.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* What a process is told in secret: (dict "root" . "part" NAME). Each signs in to the database as its own role; "migrate"
is the owner. Until the roles' strings are in the secret, a container that needs one waits. */}}
{{- define "anban.environment" -}}
env:
  {{- $roles := dict "ingest" (list "INGEST") "worker" (list "SERVICE") "api" (list "SERVICE" "API") "accounts" (list "SERVICE") }}
  {{- $own := ternary (index $roles .part | default list) list .root.Values.secrets.ownRoles }}
  {{- range $own }}
  - name: ANBAN_DATABASE_{{ . }}_DSN
    valueFrom: {secretKeyRef: {name: {{ $.root.Values.secrets.cloud }}, key: ANBAN_DATABASE_{{ . }}_DSN}}
  {{- else }}
  - name: ANBAN_DATABASE_DSN
    valueFrom: {secretKeyRef: {name: {{ include "anban.databaseSecret" .root }}, key: uri}}
  {{- end }}
  {{- if ne .part "migrate" }}
  - name: ANBAN_BROKER_SECRET
    valueFrom: {secretKeyRef: {name: {{ .root.Values.secrets.cloud }}, key: ANBAN_BROKER_SECRET}}
  - name: ANBAN_METRICS_TOKEN
    valueFrom: {secretKeyRef: {name: {{ .root.Values.secrets.cloud }}, key: ANBAN_METRICS_TOKEN, optional: true}}
  {{- end }}
{{- end }}

{{/* Where the pieces of one kind should not be: on one machine. Called with (dict "root" . "part" NAME). */}}
{{- define "anban.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "anban.select" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .part }}
{{- end }}

{{/* A role of the cloud: (dict "root" . "part" NAME "args" LIST "config" FILE "resources" MAP "api" BOOL). */}}
{{- define "anban.pod" -}}
metadata:
  labels:
    {{- include "anban.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .part }}
  annotations:
    checksum/config: {{ include (print .root.Template.BasePath "/configmap.yaml") .root | sha256sum }}
    prometheus.io/scrape: "true"
    prometheus.io/port: "9464"
spec:
  {{- include "anban.podSecurity" .root | nindent 2 }}
  {{- include "anban.spread" (dict "root" .root "part" .part) | nindent 2 }}
  initContainers:
    # Any number may run at once, one does it (an advisory lock). It fails and comes again while the database is away.
    - name: migrate
      image: {{ include "anban.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: [migrate]
      {{- include "anban.environment" (dict "root" .root "part" "migrate") | nindent 6 }}
      {{- include "anban.containerSecurity" .root | nindent 6 }}
      resources: {requests: {cpu: 50m, memory: 96Mi}, limits: {memory: 256Mi}}
  containers:
    - name: {{ .part }}
      image: {{ include "anban.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: [{{ .part }}, --config, /etc/anban/{{ .config }}]
      {{- include "anban.environment" (dict "root" .root "part" .part) | nindent 6 }}
        {{- if eq .part "worker" }}
        - {name: NUMBA_CACHE_DIR, value: /var/cache/anban}
        {{- end }}
        {{- if and .api .root.Values.api.ingress.enabled }}
        # Whose word counts for where a browser is: without it all strangers would be one, and share one bound.
        - {name: FORWARDED_ALLOW_IPS, value: {{ .root.Values.api.ingress.believe | quote }}}
        {{- end }}
      {{- include "anban.containerSecurity" .root | nindent 6 }}
      ports:
        - {name: metrics, containerPort: 9464}
        {{- if .api }}
        - {name: http, containerPort: 8080}
        {{- end }}
      startupProbe:
        httpGet: {path: /health, port: metrics}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /health, port: metrics}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        # Screens go on while the broker is away: what is open must be worked on.
        httpGet: {path: "/ready{{ if .api }}?without=broker{{ end }}", port: metrics}
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 2
      resources: {{- toYaml .resources | nindent 8 }}
      volumeMounts:
        - {name: config, mountPath: /etc/anban, readOnly: true}
        - {name: broker, mountPath: /etc/anban-broker, readOnly: true}
        - {name: keys, mountPath: /etc/anban-keys, readOnly: true}
        {{- if .api }}
        - {name: authority, mountPath: /etc/anban-authority, readOnly: true}
        {{- end }}
        {{- if eq .part "worker" }}
        - {name: compiled, mountPath: /var/cache/anban}
        {{- end }}
        - {name: tmp, mountPath: /tmp}
  volumes:
    - name: config
      configMap: {name: {{ .root.Release.Name }}-config}
    - name: broker
      secret:
        secretName: {{ .root.Values.secrets.broker }}
        defaultMode: 0440
        items:                       # the broker's own key is none of ours
          - {key: authority.crt, path: authority.crt}
          {{- if eq .part "ingest" }}
          - {key: ingest.pem, path: ingest.pem}
          {{- end }}
    - name: keys
      secret: {secretName: {{ .root.Values.secrets.keys }}, defaultMode: 0440}
    {{- if .api }}
    - name: authority
      secret: {secretName: {{ .root.Values.secrets.authority }}, defaultMode: 0440}
    {{- end }}
    {{- if eq .part "worker" }}
    - name: compiled                   # the planner's machine code, of this pod alone
      emptyDir: {sizeLimit: 256Mi}
    {{- end }}
    - name: tmp
      emptyDir: {medium: Memory, sizeLimit: 64Mi}
{{- end }}
